import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { partCount, partPath, sizeOfPart } from '../../tar/parts.ts';

const PARTIAL = '.partial';
const PREVIOUS = '.partial.old';
/** Of the names of the files beside a bundle while it is written, the longest ends with this. */
export const LONGEST_SUFFIX = `${PREVIOUS}.journal`;

/** How the tar of a bundle is stored. Sizes are bytes. */
export interface OutputForm {
  /** The size of the tar. */
  readonly size: number;
  /** The size of its parts; undefined for a single file. */
  readonly partSize: number | undefined;
}

/** The names of the files of a bundle, and of those beside them while it is written. */
export class OutputNames {
  /** The final names, in order: one, or one for each part. */
  readonly files: readonly string[];
  readonly #path: string;
  readonly #form: OutputForm;

  constructor(path: string, form: OutputForm) {
    const { size, partSize } = form;
    this.#path = path;
    this.#form = form;
    this.files =
      partSize === undefined
        ? [path]
        : Array.from({ length: partCount(size, partSize) }, (_, part) => partPath(path, part));
  }

  /** The file that appears last, and makes the bundle complete. */
  get first(): string {
    const [first] = this.files;
    return first ?? this.#path;
  }

  /** The size that a file must have, by its index. */
  sizeOf(index: number): number {
    const { size, partSize } = this.#form;
    return partSize === undefined ? size : sizeOfPart(index, size, partSize);
  }

  /** The files while they are written. They stay when the build is interrupted. */
  get partials(): readonly string[] {
    return this.files.map(file => `${file}${PARTIAL}`);
  }

  get journal(): string {
    return `${this.first}${PARTIAL}.journal`;
  }

  get lock(): string {
    return `${this.first}${PARTIAL}.lock`;
  }

  /** The journal of an interrupted build with a different plan. */
  get previousJournal(): string {
    return `${this.first}${PREVIOUS}.journal`;
  }

  /** The existing files of an interrupted build, in order; with a different plan there may be more of them. */
  existingPartials(): Promise<string[]> {
    return this.#existing(PARTIAL);
  }

  /** The existing files that an interrupted build with a different plan has left, in order. */
  existingPrevious(): Promise<string[]> {
    return this.#existing(PREVIOUS);
  }

  /** The existing parts of an older bundle with this name that has more parts. */
  async surplusParts(): Promise<string[]> {
    if (this.#form.partSize === undefined) return [];
    return (await this.#existing('')).filter(file => !this.files.includes(file));
  }

  /** The name of an interrupted build's file once a build with a different plan has started. */
  static previousOf(partial: string): string {
    return `${partial.slice(0, -PARTIAL.length)}${PREVIOUS}`;
  }

  async #existing(suffix: string): Promise<string[]> {
    const folder = dirname(this.#path);
    const start = basename(this.#path);
    const names = await readdir(folder).catch(() => []);
    const matches = (name: string) => {
      if (!name.startsWith(start) || !name.endsWith(suffix)) return false;
      const middle = name.slice(start.length, name.length - suffix.length);
      return this.#form.partSize === undefined ? middle === '' : /^\.\d{3}$/.test(middle);
    };
    return names
      .filter(matches)
      .sort()
      .map(name => join(folder, name));
  }
}
