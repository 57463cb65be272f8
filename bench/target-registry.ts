import { mkdirSync } from 'node:fs';
import { Distribution } from '../test/programs/distribution.ts';
import type { Place } from './place.ts';

/** A real registry to push to, empty at each turn. */
export class TargetRegistry implements AsyncDisposable {
  readonly #place: Place;
  #registry: Distribution | undefined;

  /** @param place where it keeps what is pushed */
  constructor(place: Place) {
    this.#place = place;
  }

  /** Starts an empty one in the place of the one before, and returns its host. */
  async renew(): Promise<string> {
    await this[Symbol.asyncDispose]();
    const folder = this.#place.at('registry');
    mkdirSync(folder);
    this.#registry = await Distribution.start(folder);
    return this.host;
  }

  get host(): string {
    if (this.#registry === undefined) throw new Error('No registry has been started.');
    return this.#registry.host;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#registry?.[Symbol.asyncDispose]();
    this.#registry = undefined;
  }
}
