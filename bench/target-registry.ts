import { mkdirSync } from 'node:fs';
import { Distribution } from '../test/support/programs/distribution.ts';
import type { WorkDir } from './work-dir.ts';

/** A real registry to push to, empty at the start of each run. */
export class TargetRegistry implements AsyncDisposable {
  readonly #workDir: WorkDir;
  #registry: Distribution | undefined;

  /** @param workDir holds the registry's storage */
  constructor(workDir: WorkDir) {
    this.#workDir = workDir;
  }

  /** Replaces the registry with an empty one, and returns its host. */
  async renew(): Promise<string> {
    await this[Symbol.asyncDispose]();
    const folder = this.#workDir.path('registry');
    mkdirSync(folder);
    this.#registry = await Distribution.start(folder);
    return this.host;
  }

  get host(): string {
    if (this.#registry === undefined) throw new Error('no registry is running');
    return this.#registry.host;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#registry?.[Symbol.asyncDispose]();
    this.#registry = undefined;
  }
}
