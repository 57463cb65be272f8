import { createHash } from 'node:crypto';
import { closeSync, constants, openSync, rmSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { sha256Digest } from '../../oci/digest.ts';
import { type Range, Ranges } from '../../store/ranges.ts';
import type { TarPlan } from '../../tar/plan.ts';

const TITLE = 'airgap journal 1';
const LINE = /^(?<index>\d{1,9}) (?:forget|(?<start>\d{1,16}) (?<end>\d{1,16}))$/;

/** The content of a journal: the plan, and the written ranges of its entries. */
export interface JournalContent {
  /** As {@link planIdentity} computes it. */
  readonly plan: string;
  /** By the index of the entry in the plan. */
  readonly written: ReadonlyMap<number, Ranges>;
}

/**
 * Records which bytes of a partial bundle are written, so that an interrupted build can resume. It is an append-only
 * list of lines, `INDEX START END`. It only selects the bytes to verify; all of them are verified.
 */
export class Journal {
  readonly #fd: number;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  static create(path: string, plan: string): Journal {
    rmSync(path, { force: true });
    const journal = new Journal(openSync(path, 'wx', 0o644));
    journal.#append(`${TITLE} ${plan}`);
    return journal;
  }

  /** Opens an existing journal to append to it. */
  static resume(path: string): Journal {
    return new Journal(openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW));
  }

  /** Records a written range. @param index of the entry in the plan */
  note(index: number, { start, end }: Range): void {
    this.#append(`${index} ${start} ${end}`);
  }

  /** Invalidates the recorded ranges of an entry. @param index of the entry in the plan */
  forget(index: number): void {
    this.#append(`${index} forget`);
  }

  close(): void {
    closeSync(this.#fd);
  }

  #append(line: string): void {
    writeSync(this.#fd, `${line}\n`);
  }
}

/** Identifies a plan by the name, size, time and order of its entries, and by the size of its parts if it has some. */
export function planIdentity({ entries }: TarPlan, partSize?: number): string {
  const hash = createHash('sha256');
  for (const { header } of entries) hash.update(header);
  if (partSize !== undefined) hash.update(`parts of ${partSize} bytes`);
  return sha256Digest(hash.digest());
}

/** Reads a journal; undefined if it does not exist or its first line is damaged. */
export async function readJournal(path: string): Promise<JournalContent | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '');
  // Text after the last line break is a line that was cut off while it was written.
  const [title = '', ...lines] = text.split('\n').slice(0, -1);
  if (!title.startsWith(`${TITLE} `)) return undefined;
  const written = new Map<number, Ranges>();
  for (const line of lines) applyLine(line, written);
  return { plan: title.slice(TITLE.length + 1), written };
}

/** Applies one line; invalid lines are ignored. */
function applyLine(line: string, written: Map<number, Ranges>): void {
  const groups = LINE.exec(line)?.groups;
  if (!groups) return;
  const index = Number(groups.index);
  if (groups.start === undefined) {
    written.delete(index);
    return;
  }
  const ranges = written.get(index) ?? new Ranges();
  ranges.add({ start: Number(groups.start), end: Number(groups.end) });
  written.set(index, ranges);
}
