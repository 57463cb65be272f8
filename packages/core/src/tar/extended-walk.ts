import { AirgapError } from '../model/errors.ts';
import type { RandomAccess } from '../store/random-access.ts';
import { readFully } from '../store/read-ranges.ts';
import { padded } from './header.ts';
import { type PlacedEntry, readEntry } from './walk.ts';

/** The size limit of an extended header, in bytes. */
const MAX_HEADER_SIZE = 64 * 1024;

/** Types of entries that describe the next one: pax headers (POSIX.1-2001), a global one, and GNU's long names. */
const PAX = 'x';
const PAX_GLOBAL = 'g';
const GNU_LONG_NAME = 'L';
const GNU_LONG_LINK = 'K';

/** Whether an entry describes the next one, and is no file itself. */
export function isExtension({ type }: Pick<PlacedEntry, 'type'>): boolean {
  return [PAX, PAX_GLOBAL, GNU_LONG_NAME, GNU_LONG_LINK].includes(type);
}

/** What extended headers say of the next entry. */
interface Extension {
  readonly name?: string;
  /** In bytes. */
  readonly size?: number;
}

/**
 * Reads a tar of another program, whose long names and large sizes are in pax or GNU headers.
 *
 * @throws AirgapError `BUNDLE` for an invalid header, content beyond the end of the file, or a missing end marker
 */
export async function* walkExtendedTar(file: RandomAccess): AsyncGenerator<PlacedEntry> {
  let extension: Extension = {};
  for (let at = 0; ; ) {
    const entry = await readEntry(file, at, extension.size);
    if (!entry) return;
    at = entry.offset + padded(entry.size);
    const found = await extensionOf(file, entry);
    if (!found) yield { ...entry, name: extension.name ?? entry.name };
    extension = found ? { ...extension, ...found } : {};
  }
}

/** Reads an extended header; undefined for any other entry. */
async function extensionOf(file: RandomAccess, entry: PlacedEntry): Promise<Extension | undefined> {
  if (entry.type === PAX) return parsePax(await content(file, entry), file);
  if (entry.type === GNU_LONG_NAME) return { name: textUntilNul(await content(file, entry)) };
  return isExtension(entry) ? {} : undefined;
}

async function content(file: RandomAccess, { name, offset, size }: PlacedEntry): Promise<Buffer> {
  if (size > MAX_HEADER_SIZE)
    throw invalid(file, `extended header ${name} has ${size} bytes, the limit is ${MAX_HEADER_SIZE}`);
  const bytes = Buffer.alloc(size);
  if (await readFully(file, bytes, offset)) return bytes;
  throw invalid(file, `extended header ${name} ends early`);
}

/** Parses a pax header: lines of `LENGTH KEY=VALUE`, where the length counts the complete line. */
function parsePax(header: Buffer, file: RandomAccess): Extension {
  const extension: { name?: string; size?: number } = {};
  for (let at = 0; at < header.length; ) {
    const length = Number.parseInt(header.toString('latin1', at, at + 10), 10);
    const line = header.toString('utf8', at, at + length);
    const record = /^\d+ (?<key>[^=]+)=(?<value>.*)\n$/s.exec(line)?.groups;
    if (!record || at + length > header.length) throw invalid(file, 'a pax header is invalid');
    if (record.key === 'path') extension.name = record.value ?? '';
    if (record.key === 'size') extension.size = parseSize(record.value ?? '', file);
    at += length;
  }
  return extension;
}

function parseSize(text: string, file: RandomAccess): number {
  const size = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(size)) return size;
  throw invalid(file, `a pax header has an invalid size: ${JSON.stringify(text.slice(0, 40))}`);
}

function textUntilNul(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}

function invalid({ location }: RandomAccess, reason: string): AirgapError {
  return new AirgapError('BUNDLE', `invalid tar: ${reason}`, {
    where: { path: location },
    hint: 'Fetch the file again.',
  });
}
