import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A folder on the disk that a contest is about, emptied before each entrant's turn. */
export class Place implements Disposable {
  /** What an entrant may write to. */
  readonly folder: string;
  /** What the bench itself keeps there, from one turn to the next. */
  readonly notes: string;
  readonly #root: string;
  readonly #remove = () => rmSync(this.#root, { recursive: true, force: true });

  /** @param disk a folder on the disk that is meant */
  constructor(disk: string) {
    this.#root = mkdtempSync(join(disk, 'airgap-bench-'));
    this.folder = join(this.#root, 'work');
    this.notes = join(this.#root, 'notes');
    mkdirSync(this.notes);
    this.clear();
    // A bench that is interrupted must not leave gigabytes in memory.
    process.once('exit', this.#remove);
  }

  /** Removes everything that the entrant before has left. */
  clear(): void {
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(this.folder);
  }

  /** Where something is, or is to be, in the folder. */
  at(name: string): string {
    return join(this.folder, name);
  }

  /** The command that runs shell lines one after another until one fails. */
  script(name: string, lines: readonly string[]): string[] {
    const file = join(this.notes, `${name.replace(/\W+/g, '-')}.sh`);
    writeFileSync(file, ['set -e', ...lines, ''].join('\n'));
    return ['sh', file];
  }

  [Symbol.dispose](): void {
    process.off('exit', this.#remove);
    this.#remove();
  }
}
