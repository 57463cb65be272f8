import { closeSync, constants, openSync, rmSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { digestOf } from '../../oci/digest.ts';
import { type Range, Ranges } from '../../store/ranges.ts';
import type { TarPlan } from '../../tar/plan.ts';

const TITLE = 'airgap journal 1';

/** What a journal says: for which plan, and which bytes of which entries have been written. */
export interface JournalContent {
  /** As {@link planIdentity} computes it. */
  readonly plan: string;
  /** By the entry's place in the plan. */
  readonly written: ReadonlyMap<number, Ranges>;
}

/**
 * Notes beside a partial bundle what of it has been written, so that an interrupted build can go on. It is a list of
 * lines, `ENTRY START END`, only ever appended to; nobody trusts it further than to choose what to verify.
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

  /** Goes on with one that was read. */
  static resume(path: string): Journal {
    return new Journal(openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW));
  }

  note(entry: number, { start, end }: Range): void {
    this.#append(`${entry} ${start} ${end}`);
  }

  /** What was noted of a entry has turned out wrong. */
  forget(entry: number): void {
    this.#append(`${entry} forget`);
  }

  close(): void {
    closeSync(this.#fd);
  }

  #append(line: string): void {
    writeSync(this.#fd, `${line}\n`);
  }
}

/** What tells one plan from another: every entry's name, size, time and place. */
export function planIdentity({ entries }: TarPlan): string {
  return digestOf(Buffer.concat(entries.map(({ header }) => header)));
}

/** Reads a journal; nothing when there is none, or it is damaged from its first line on. */
export async function readJournal(path: string): Promise<JournalContent | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '');
  // What follows the last line break was cut off while it was written.
  const [title = '', ...lines] = text.split('\n').slice(0, -1);
  if (!title.startsWith(`${TITLE} `)) return undefined;
  const written = new Map<number, Ranges>();
  for (const line of lines) readLine(line, written);
  return { plan: title.slice(TITLE.length + 1), written };
}

function readLine(line: string, written: Map<number, Ranges>): void {
  const [, entry = '', start, end] = /^(\d{1,9}) (?:forget|(\d{1,16}) (\d{1,16}))$/.exec(line) ?? [];
  if (entry === '') return;
  if (start === undefined) {
    written.delete(Number(entry));
    return;
  }
  const ranges = written.get(Number(entry)) ?? new Ranges();
  ranges.add({ start: Number(start), end: Number(end) });
  written.set(Number(entry), ranges);
}
