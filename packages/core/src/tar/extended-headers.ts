import { AirgapError } from '../model/errors.ts';
import { hasContent, type TarEntry } from './header.ts';

/** The size limit of an extended header, in bytes. */
const MAX_SIZE = 64 * 1024;

/** Types of entries that describe others: pax headers (POSIX.1-2001), of the next entry or all, and GNU's long names. */
const PAX = 'x';
const PAX_GLOBAL = 'g';
const GNU_LONG_NAME = 'L';
const GNU_LONG_LINK = 'K';
const EXTENSIONS = [PAX, PAX_GLOBAL, GNU_LONG_NAME, GNU_LONG_LINK];

/** Records of a pax header that change what an entry is. */
const NAME = 'path';
const LINK = 'linkpath';
const SIZE = 'size';
/** The forms of records that are not used here: Go's reader rejects others. Empty values are those of the header. */
const TEXT = /^[^\0]*$/;
const ID = /^(?:-?\d{1,18})?$/;
const TIME = /^(?:-?\d{1,18}(?:\.\d*)?)?$/;
const FORMS: ReadonlyMap<string, RegExp> = new Map([
  [NAME, TEXT],
  [LINK, TEXT],
  ['uname', TEXT],
  ['gname', TEXT],
  ['uid', ID],
  ['gid', ID],
  ['mtime', TIME],
  ['atime', TIME],
  ['ctime', TIME],
]);
/** Records of files with holes: what is stored is not what the file has. */
const SPARSE = 'GNU.sparse.';

/** Whether an entry describes others, and is no file itself. */
export function isExtension({ type }: Pick<TarEntry, 'type'>): boolean {
  return EXTENSIONS.includes(type);
}

/** Refuses an extended header that is too large to be read into memory. @throws AirgapError `BUNDLE` */
export function checkSize({ name, size }: TarEntry): void {
  if (size > MAX_SIZE) throw invalid(`extended header ${name} has ${size} bytes, the limit is ${MAX_SIZE}`);
}

/** What extended headers say of the next entry. */
interface Extension {
  readonly name?: string;
  readonly link?: string;
  /** In bytes. */
  readonly size?: number;
}

/**
 * The extended headers of a tar, in order, and what they say of the entries after them. What programs read differently is
 * refused.
 */
export class ExtendedHeaders {
  #next: Extension | undefined;
  /** Whether a pax header is the last entry: its file comes next. */
  #afterPax = false;

  /**
   * Completes a header with what precedes it; another extended header stays as it is.
   *
   * @throws AirgapError `BUNDLE` for an extended header after that of a file
   */
  apply<T extends TarEntry>(entry: T): T & { readonly isExtended?: boolean } {
    if (isExtension(entry)) {
      if (this.#afterPax) throw invalid('an extended header follows a pax header');
      return entry;
    }
    const extension = this.#next;
    this.#next = undefined;
    this.#afterPax = false;
    if (extension?.size && !hasContent(entry)) throw invalid('a pax header gives a directory or link a size');
    return extension === undefined ? entry : { ...entry, ...extension, isExtended: true };
  }

  /** Reads an extended header. @throws AirgapError `BUNDLE` when it is invalid, or contradicts another one */
  add({ type }: TarEntry, content: Buffer): void {
    if (type === PAX_GLOBAL) this.#checkGlobal(parsePax(content));
    this.#extend(type === PAX_GLOBAL ? {} : extensionOf(type, content));
    this.#afterPax = type === PAX;
  }

  /** Checks that no extended header is left at the end. @throws AirgapError `BUNDLE` */
  end(): void {
    if (this.#next !== undefined) throw invalid('the last extended header has no entry');
  }

  /** Some programs apply a global header to all entries, others ignore it; some forget what precedes it. */
  #checkGlobal(records: ReadonlyMap<string, string>): void {
    if (Object.keys(this.#next ?? {}).length > 0) throw invalid('a global pax header follows a long name');
    for (const key of records.keys())
      if ([NAME, LINK, SIZE].includes(key) || key.startsWith(SPARSE))
        throw invalid(`a global pax header sets ${key}, which programs read differently`);
  }

  #extend(found: Extension): void {
    const known = this.#next ?? {};
    if (known.name !== undefined && found.name !== undefined) throw invalid('an entry has two long names');
    if (known.link !== undefined && found.link !== undefined)
      throw invalid('an entry has two long link targets');
    this.#next = { ...known, ...found };
  }
}

function extensionOf(type: string, content: Buffer): Extension {
  if (type === GNU_LONG_NAME) return { name: textUntilNul(content) };
  if (type === GNU_LONG_LINK) return { link: textUntilNul(content) };
  const records = parsePax(content);
  for (const key of records.keys()) if (key.startsWith(SPARSE)) throw invalid('a sparse file');
  const name = records.get(NAME);
  const link = records.get(LINK);
  const size = records.get(SIZE);
  // An empty value means that of the header itself (POSIX, pax, "ustar values").
  return {
    ...(name ? { name } : {}),
    ...(link ? { link } : {}),
    ...(size ? { size: parseSize(size) } : {}),
  };
}

/** Parses a pax header: lines of `LENGTH KEY=VALUE`, where the length counts the complete line. */
function parsePax(header: Buffer): Map<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < header.length; ) {
    const length = Number.parseInt(header.toString('latin1', at, at + 10), 10);
    const line = header.toString('utf8', at, at + length);
    const record = /^\d+ (?<key>[^=]+)=(?<value>.*)\n$/s.exec(line)?.groups;
    if (record?.key === undefined || at + length > header.length) throw invalid('a pax header is invalid');
    const { key, value = '' } = record;
    if (FORMS.get(key)?.test(value) === false)
      throw invalid(`a pax header has an invalid ${key}: ${JSON.stringify(value.slice(0, 40))}`);
    records.set(key, value);
    at += length;
  }
  return records;
}

function parseSize(text: string): number {
  const size = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(size)) return size;
  throw invalid(`a pax header has an invalid size: ${JSON.stringify(text.slice(0, 40))}`);
}

function textUntilNul(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}

function invalid(reason: string): AirgapError {
  return new AirgapError('BUNDLE', `invalid tar: ${reason}`, { hint: 'Fetch the file again.' });
}
