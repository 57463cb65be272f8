import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Outcome } from './contest.ts';

/** What a bench has measured. */
interface Kept {
  readonly scale: number;
  /** The outcomes of each workload, by its number. */
  readonly outcomes: Record<number, readonly Outcome[]>;
}

/** Results in a file, from which an interrupted bench resumes. */
export class KeptResults {
  readonly #file: string | undefined;
  readonly #kept: Kept;

  /**
   * @param file where results are kept; undefined for nowhere
   * @throws Error if the file has results of another scale
   */
  constructor(file: string | undefined, scale: number) {
    this.#file = file;
    this.#kept =
      file !== undefined && existsSync(file)
        ? JSON.parse(readFileSync(file, 'utf8'))
        : { scale, outcomes: {} };
    if (this.#kept.scale !== scale)
      throw new Error(`${file}: results of scale ${this.#kept.scale}, expected ${scale}`);
  }

  /** The outcomes of a workload that was measured before. */
  of(number: number): readonly Outcome[] | undefined {
    return this.#kept.outcomes[number];
  }

  keep(number: number, outcomes: readonly Outcome[]): void {
    this.#kept.outcomes[number] = outcomes;
    if (this.#file !== undefined) writeFileSync(this.#file, JSON.stringify(this.#kept));
  }
}
