import { AirgapError } from '../model/errors.ts';

/** The size of a tar block in bytes: a header is one block, content is padded to full blocks. */
export const BLOCK = 512;
/** The size of the end-of-archive marker in bytes: two zero blocks. */
export const TRAILER_SIZE = 2 * BLOCK;

/** The size of the field for a name, in bytes. */
const MAX_NAME_SIZE = 100;
const MODE = 0o644;
const MAX_OCTAL_SIZE = 0o77777777777;
const CHECKSUM = { start: 148, end: 156 };
/** Where mode, owner and group are, and the numbers of devices: offset and length. Go's reader rejects invalid ones. */
const OWNER_FIELDS = [
  [100, 8],
  [108, 8],
  [116, 8],
] as const;
const DEVICE_FIELDS = [
  [329, 8],
  [337, 8],
] as const;
/** Hard and symbolic links, devices, directories and pipes (POSIX ustar, typeflag): they have no content. */
const WITHOUT_CONTENT = ['1', '2', '3', '4', '5', '6'];

/** A tar entry as its header describes it. */
export interface TarEntry {
  readonly name: string;
  /** Content bytes, without padding. */
  readonly size: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  /** `0` for a regular file (POSIX ustar, typeflag). */
  readonly type: string;
  /** Where a link leads; only for links (types `1` and `2`). */
  readonly link?: string;
}

/**
 * Encodes the header of a regular file (POSIX.1-1988 ustar): mode 0644, no owner. A size of 8 GiB or more, which
 * eleven octal digits cannot hold, is encoded in GNU's base-256.
 *
 * @param mtime seconds since 1970
 * @throws RangeError for a name of more than 100 bytes
 */
export function encodeHeader(name: string, size: number, mtime: number): Buffer {
  if (Buffer.byteLength(name) > MAX_NAME_SIZE) throw new RangeError(`tar entry name too long: ${name}`);
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0, 'utf8');
  writeOctal(header, MODE, 100, 8);
  writeOctal(header, 0, 108, 8);
  writeOctal(header, 0, 116, 8);
  writeSize(header, size);
  writeOctal(header, mtime, 136, 12);
  header.write('0', 156);
  header.write('ustar\x0000', 257, 'latin1');
  writeOctal(header, 0, 329, 8);
  writeOctal(header, 0, 337, 8);
  header.fill(' ', CHECKSUM.start, CHECKSUM.end);
  header.write(`${checksum(header).toString(8).padStart(6, '0')}\0 `, CHECKSUM.start, 'latin1');
  return header;
}

/**
 * Decodes a header. A zero block, which ends a tar, returns undefined.
 *
 * @throws AirgapError `BUNDLE` for a wrong checksum, an invalid number, or a directory or link with content
 */
export function decodeHeader(header: Buffer): TarEntry | undefined {
  if (header.every(byte => byte === 0)) return undefined;
  const stored = readOctal(header, CHECKSUM.start, 8);
  const blank = Buffer.from(header);
  blank.fill(' ', CHECKSUM.start, CHECKSUM.end);
  if (stored !== checksum(blank)) throw invalidHeader('checksum mismatch');
  const isUstar = header.toString('latin1', 257, 262) === 'ustar';
  for (const [at, length] of isUstar ? [...OWNER_FIELDS, ...DEVICE_FIELDS] : OWNER_FIELDS)
    checkNumber(header, at, length);
  const prefix = isUstar ? readText(header, 345, 155) : '';
  const name = readText(header, 0, 100);
  const link = readText(header, 157, 100);
  const type = header.toString('latin1', 156, 157).replace('\0', '0');
  const size = readSize(header);
  // Some programs skip such content, others read it as entries.
  if (size > 0 && !hasContent({ type }))
    throw invalidHeader(`a directory or link (type ${type}) with ${size} bytes of content`);
  return {
    name: prefix ? `${prefix}/${name}` : name,
    size,
    mtime: readOctal(header, 136, 12),
    type,
    ...(link === '' ? {} : { link }),
  };
}

/** Whether a header is the one that a build writes for its entry. */
export function isCanonical(header: Buffer, { name, size, mtime }: TarEntry): boolean {
  return Buffer.byteLength(name) <= MAX_NAME_SIZE && header.equals(encodeHeader(name, size, mtime));
}

/** Whether an entry may have content: a file, or a type that only some programs know. */
export function hasContent({ type }: Pick<TarEntry, 'type'>): boolean {
  return !WITHOUT_CONTENT.includes(type);
}

/** Rounds a content size up to full blocks. */
export function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}

function writeOctal(header: Buffer, value: number, at: number, length: number): void {
  header.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
}

function writeSize(header: Buffer, size: number): void {
  if (size <= MAX_OCTAL_SIZE) {
    writeOctal(header, size, 124, 12);
    return;
  }
  header[124] = 0x80;
  header.writeBigUInt64BE(BigInt(size), 128);
}

function readSize(header: Buffer): number {
  if (header[124] !== 0x80) return readOctal(header, 124, 12);
  const size = header.readBigUInt64BE(128);
  if (header.readUIntBE(125, 3) !== 0 || size > BigInt(Number.MAX_SAFE_INTEGER))
    throw invalidHeader('size out of range');
  return Number(size);
}

function readOctal(header: Buffer, at: number, length: number): number {
  const text = header.toString('latin1', at, at + length);
  // Digits after a NUL are read by some programs only.
  if (!/^(?: *[0-7]+)?[ \0]*$/.test(text)) throw invalidHeader('invalid octal number');
  return Number.parseInt(text, 8) || 0;
}

/** Numbers that are not used here may also be in base-256. */
function checkNumber(header: Buffer, at: number, length: number): void {
  const isBase256 = ((header[at] ?? 0) & 0x80) !== 0;
  if (!isBase256) readOctal(header, at, length);
}

function readText(header: Buffer, at: number, length: number): string {
  const field = header.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? length : end);
}

function checksum(header: Buffer): number {
  let sum = 0;
  for (const byte of header) sum += byte;
  return sum;
}

function invalidHeader(reason: string): AirgapError {
  return new AirgapError('BUNDLE', `invalid tar header: ${reason}`, {
    hint: 'Fetch the bundle again.',
  });
}
