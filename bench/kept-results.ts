import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Outcome } from './contest.ts';

/** What a bench has measured: the outcomes of each workload, by its number. */
type Kept = Record<number, readonly Outcome[]>;

/** Results in a file, from which an interrupted bench resumes. */
export class KeptResults {
  readonly #file: string | undefined;
  readonly #kept: Kept;

  /** @param file where results are kept; undefined for nowhere */
  constructor(file: string | undefined) {
    this.#file = file;
    this.#kept = file !== undefined && existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  }

  /** The outcomes of a workload that was measured before. */
  of(number: number): readonly Outcome[] | undefined {
    return this.#kept[number];
  }

  keep(number: number, outcomes: readonly Outcome[]): void {
    this.#kept[number] = outcomes;
    if (this.#file !== undefined) writeFileSync(this.#file, JSON.stringify(this.#kept));
  }
}
