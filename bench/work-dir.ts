import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The working directory of a contest, emptied before each run. */
export class WorkDir implements Disposable {
  /** The directory that an entrant writes to. */
  readonly folder: string;
  /** Files of the bench itself, kept between runs. */
  readonly state: string;
  readonly #root: string;
  readonly #remove = () => rmSync(this.#root, { recursive: true, force: true });

  /** @param disk a directory on the disk to measure */
  constructor(disk: string) {
    this.#root = mkdtempSync(join(disk, 'airgap-bench-'));
    this.folder = join(this.#root, 'work');
    this.state = join(this.#root, 'state');
    mkdirSync(this.state);
    this.clear();
    // An interrupted bench must not leave gigabytes in tmpfs.
    process.once('exit', this.#remove);
  }

  /** Removes the files of the previous entrant. */
  clear(): void {
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(this.folder);
  }

  /** Returns the path of a file in the directory. */
  path(name: string): string {
    return join(this.folder, name);
  }

  /** Writes shell lines to a script that stops at the first failure, and returns the command to run it. */
  script(name: string, lines: readonly string[]): string[] {
    const file = join(this.state, `${name.replace(/\W+/g, '-')}.sh`);
    writeFileSync(file, ['set -e', ...lines, ''].join('\n'));
    return ['sh', file];
  }

  [Symbol.dispose](): void {
    process.off('exit', this.#remove);
    this.#remove();
  }
}
