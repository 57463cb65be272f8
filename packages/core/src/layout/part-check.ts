import { basename } from 'node:path';
import { formatBytes } from '../model/bytes.ts';
import { AirgapError } from '../model/errors.ts';
import type { RandomAccess } from '../store/random-access.ts';
import { readFully } from '../store/read-ranges.ts';
import { BLOCK, encodeHeader, TRAILER_SIZE } from '../tar/header.ts';
import { MAX_PARTS, partCount, partPath, sizeOfPart } from '../tar/parts.ts';
import type { ExpectedTar } from './expected-tar.ts';
import type { OpenPart } from './parts.ts';

type ExpectedEntry = ExpectedTar['entries'][number];

/** How many blocks of a part were read, and how many of them are the expected ones. */
interface BlockMatch {
  readonly read: number;
  readonly matching: number;
}

/** The number of the part that a file is; `damaged` for one that has only some of the headers of its number. */
type Identity = number | 'damaged' | 'foreign';
type Identities = ReadonlyMap<OpenPart, Identity>;

/** The largest number of parts that an error lists. */
const MAX_LISTED = 20;

/**
 * Checks that the parts of a bundle are all there, complete and in order. The first part leads to the size of the tar and
 * to every header. A part that lies completely in one blob holds no header: there, only the digest of the blob can tell.
 */
export class PartCheck {
  readonly #path: string;
  readonly #parts: readonly OpenPart[];
  readonly #expected: ExpectedTar | undefined;

  /**
   * @param path of the bundle that the parts make
   * @param parts at least one, in order
   * @param expected what the first part leads to; undefined for a tar that no build wrote
   */
  constructor(path: string, parts: readonly OpenPart[], expected: ExpectedTar | undefined) {
    this.#path = path;
    this.#parts = parts;
    this.#expected = expected;
  }

  /** @throws AirgapError `BUNDLE` with every part that is wrong */
  async run(): Promise<void> {
    const problems = this.#expected ? await this.#problems(this.#expected) : this.#gaps();
    if (problems.length > 0)
      throw AirgapError.all(problems, `${problems.length} parts of ${basename(this.#path)} are wrong`);
  }

  /** Without an expectation, only the numbers tell. */
  #gaps(): AirgapError[] {
    const gap = this.#parts.findIndex(({ number }, index) => number !== index);
    if (gap < 0) return [];
    return [this.#problem(gap, `is missing: here are ${this.#present()}`, 'Copy it into the same folder.')];
  }

  async #problems(expected: ExpectedTar): Promise<AirgapError[]> {
    const partSize = await this.#partSize(expected);
    if (partSize === undefined) return this.#oddSizes();
    const tar = new ExpectedParts(expected, partSize);
    const missing = this.#missing(tar);
    const identities = await this.#identities(tar);
    const wrong = [...identities].flatMap(([part, identity]) =>
      this.#partProblem(part, identity, tar, identities),
    );
    return [...missing, ...wrong];
  }

  /**
   * The size of all parts but the last. A part that was not copied completely is smaller than the others; if the first of
   * two was not, the size of the second tells.
   */
  async #partSize(expected: ExpectedTar): Promise<number | undefined> {
    const largest = Math.max(...this.#parts.map(({ file }) => file.size));
    const last = this.#parts.at(-1);
    const candidates = [largest];
    if (last && last.number > 0) candidates.push((expected.size - last.file.size) / last.number);
    const possible = candidates.filter(size => size > 0 && size % BLOCK === 0);
    for (const size of possible) {
      const match = last && (await new ExpectedParts(expected, size).match(last.file, last.number));
      if (match && match.read > 0 && match.read === match.matching) return size;
    }
    return possible[0];
  }

  #oddSizes(): AirgapError[] {
    return this.#parts
      .filter(({ file }) => file.size % BLOCK !== 0)
      .map(({ number, file }) =>
        this.#incomplete(number, `has ${file.size} bytes, which is not a multiple of ${BLOCK}`),
      );
  }

  #missing({ count, size, partSize }: ExpectedParts): AirgapError[] {
    const present = new Set(this.#parts.map(({ number }) => number));
    const absent: number[] = [];
    for (let part = 0; part < Math.min(count, MAX_PARTS); part += 1)
      if (!present.has(part)) absent.push(part);
    if (absent.length === 0) return [];
    const names = listOf(absent.map(part => this.#name(part)));
    const whole = `the bundle has ${count} parts of ${formatBytes(partSize)} (${formatBytes(size)})`;
    const message = `${names} ${absent.length === 1 ? 'is' : 'are'} missing: ${whole}; here are ${this.#present()}`;
    return [this.#error(message, absent[0] ?? 0, 'Copy all parts into the same folder.')];
  }

  /** Which part each file is by its headers. */
  async #identities(tar: ExpectedParts): Promise<Identities> {
    const identities = new Map<OpenPart, Identity>();
    for (const part of this.#parts) identities.set(part, await identify(part, tar));
    this.#exchangeLast(identities, tar);
    return identities;
  }

  /** The last part lies in another place when a file there has its size, and its own place has a complete part. */
  #exchangeLast(identities: Map<OpenPart, Identity>, tar: ExpectedParts): void {
    const { last, partSize } = tar;
    const inItsPlace = this.#parts.find(({ number, file }) => number === last && file.size === partSize);
    const elsewhere = this.#parts.find(
      ({ number, file }) => number !== last && file.size === tar.sizeOf(last) && file.size < partSize,
    );
    if (inItsPlace === undefined || elsewhere === undefined) return;
    if (identities.get(elsewhere) !== last && identities.get(elsewhere) !== elsewhere.number) return;
    identities.set(elsewhere, last);
    if (typeof identities.get(inItsPlace) !== 'number' || identities.get(inItsPlace) === last)
      identities.set(inItsPlace, elsewhere.number);
  }

  #partProblem(
    { number, file }: OpenPart,
    identity: Identity,
    tar: ExpectedParts,
    identities: Identities,
  ): AirgapError[] {
    const headers = `headers are not those that ${this.#name(0)} leads to`;
    const again = 'Copy the part of this bundle again.';
    if (number >= tar.count)
      return [
        this.#problem(number, `does not belong to the bundle, which has ${tar.count} parts`, 'Remove it.'),
      ];
    if (identity === 'foreign') return [this.#problem(number, `is of another bundle: its ${headers}`, again)];
    if (identity === 'damaged')
      return [this.#problem(number, `is damaged, or of another bundle: some of its ${headers}`, again)];
    if (identity !== number) return this.#swapped(number, identity, identities);
    const expected = tar.sizeOf(number);
    if (file.size < expected) return [this.#incomplete(number, `has ${file.size} bytes of ${expected}`)];
    if (file.size > expected)
      return [this.#problem(number, `has ${file.size} bytes, expected ${expected}`, again)];
    return [];
  }

  /** Two parts that are each other are one problem. */
  #swapped(number: number, identity: number, identities: Identities): AirgapError[] {
    const other = [...identities].find(([part]) => part.number === identity);
    const isPair = other?.[1] === number;
    if (isPair && identity < number) return [];
    const back = isPair ? ` and ${this.#name(identity)} is part ${number + 1}` : '';
    return [
      this.#problem(
        number,
        `is part ${identity + 1}${back}: rename them`,
        'Rename the files as they are named here.',
      ),
    ];
  }

  #incomplete(number: number, reason: string): AirgapError {
    return this.#problem(number, `${reason}: it was not copied completely`, 'Copy it again.');
  }

  #problem(number: number, reason: string, hint: string): AirgapError {
    return this.#error(`${this.#name(number)} ${reason}`, number, hint);
  }

  #error(message: string, number: number, hint: string): AirgapError {
    return new AirgapError('BUNDLE', message, { where: { path: partPath(this.#path, number) }, hint });
  }

  #name(number: number): string {
    return basename(partPath(this.#path, number));
  }

  #present(): string {
    return listOf(this.#parts.map(({ number }) => String(number + 1)));
  }
}

/** A block whose bytes are known. */
interface KnownBlock {
  /** In the tar, in bytes. */
  readonly offset: number;
  /** The entry that begins here; undefined for the end of the archive. */
  readonly entry: ExpectedEntry | undefined;
}

/** The known blocks of each part: the headers, and the end of the archive. */
class ExpectedParts {
  readonly size: number;
  readonly partSize: number;
  readonly count: number;
  readonly #mtime: number;
  readonly #blocks = new Map<number, KnownBlock[]>();

  constructor({ entries, size, mtime }: ExpectedTar, partSize: number) {
    this.size = size;
    this.partSize = partSize;
    this.count = partCount(size, partSize);
    this.#mtime = mtime;
    for (const entry of entries) this.#add({ offset: entry.headerOffset, entry });
    for (let offset = size - TRAILER_SIZE; offset < size; offset += BLOCK)
      this.#add({ offset, entry: undefined });
  }

  /** The last part, counted from 0. */
  get last(): number {
    return this.count - 1;
  }

  sizeOf(part: number): number {
    return sizeOfPart(part, this.size, this.partSize);
  }

  /** Compares all known blocks of a part with a file. */
  async match(file: RandomAccess, part: number): Promise<BlockMatch> {
    let read = 0;
    let matching = 0;
    for (const block of this.#blocks.get(part) ?? []) {
      const matches = await this.#matches(file, part, block);
      if (matches === undefined) break;
      read += 1;
      if (matches) matching += 1;
    }
    return { read, matching };
  }

  /** The part whose first header is in a file at its place. Zeros prove nothing. */
  async find(file: RandomAccess): Promise<number | undefined> {
    for (const [part, [first]] of this.#blocks)
      if (first?.entry && (await this.#matches(file, part, first))) return part;
    return undefined;
  }

  #add(block: KnownBlock): void {
    const part = Math.floor(block.offset / this.partSize);
    const inPart = this.#blocks.get(part);
    if (inPart) inPart.push(block);
    else this.#blocks.set(part, [block]);
  }

  /** Undefined beyond the end of the file. */
  async #matches(
    file: RandomAccess,
    part: number,
    { offset, entry }: KnownBlock,
  ): Promise<boolean | undefined> {
    const actual = Buffer.alloc(BLOCK);
    if (!(await readFully(file, actual, offset - part * this.partSize))) return undefined;
    return actual.equals(entry ? encodeHeader(entry.name, entry.size, this.#mtime) : Buffer.alloc(BLOCK));
  }
}

/** A file without any known block counts as what its name says. */
async function identify({ number, file }: OpenPart, tar: ExpectedParts): Promise<Identity> {
  const own = await tar.match(file, number);
  if (own.matching > 0) return own.matching === own.read ? number : 'damaged';
  const found = await tar.find(file);
  if (found !== undefined) return found;
  return own.read === 0 ? number : 'foreign';
}

function listOf(texts: readonly string[]): string {
  const listed = texts.slice(0, MAX_LISTED).join(', ');
  return texts.length > MAX_LISTED ? `${listed} and ${texts.length - MAX_LISTED} more` : listed;
}
