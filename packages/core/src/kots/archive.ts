import { constants, gunzipSync } from 'node:zlib';
import { AirgapError } from '../model/errors.ts';
import type { OnTimedEvent } from '../store/events.ts';
import { FileAccess } from '../store/file-access.ts';
import { type RandomAccess, slice } from '../store/random-access.ts';
import { readFully } from '../store/read-ranges.ts';
import { isExtension } from '../tar/extended-headers.ts';
import { walkExtendedTar } from '../tar/extended-walk.ts';
import { BLOCK, decodeHeader, padded } from '../tar/header.ts';
import type { PlacedEntry } from '../tar/walk.ts';
import type { AirgapSpec } from './airgap-document.ts';
import { AIRGAP_DOCUMENT } from './archive-names.ts';
import { spool } from './spool.ts';
import { StoredGzipContent } from './stored-gzip.ts';

/** The size limit of `airgap.yaml`, in bytes: several times that of the most images. */
const MAX_DOCUMENT_SIZE = 4 * 1024 * 1024;
/** The number of images that an archive may have. */
const MAX_IMAGES = 5000;
/** The number of entries that an archive may have. */
const MAX_ENTRIES = 200_000;
/** The size limit of a name, in bytes: the longest link of a registry's tree has about 600. */
const MAX_NAME_SIZE = 1024;

/**
 * How an archive stores its images: `docker` is the tree of a registry, `docker-archive` has a file of `docker save` for
 * each image. KOTS takes a missing format for `docker-archive`.
 */
export type ArchiveFormat = 'docker' | 'docker-archive';

/** How an archive is opened. */
export interface ArchiveOptions {
  /** Receives a notice before an archive is decompressed into a temporary file. */
  readonly onEvent?: OnTimedEvent | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An open `.airgap`: gzip around a tar. */
export class Archive implements AsyncDisposable {
  readonly spec: AirgapSpec;
  readonly format: ArchiveFormat;
  /** Regular files by name. */
  readonly entries: ReadonlyMap<string, PlacedEntry>;
  /** Folders, links and devices, which KOTS skips. */
  readonly skipped: readonly PlacedEntry[];
  /** The size of the file, in bytes. */
  readonly size: number;
  readonly #tar: RandomAccess;

  private constructor(tar: RandomAccess, size: number, contents: Contents) {
    this.#tar = tar;
    this.size = size;
    this.entries = contents.entries;
    this.skipped = contents.skipped;
    this.spec = contents.spec;
    this.format = formatOf(contents.spec);
  }

  /**
   * Opens an archive. One that is stored without compression is read in place, others are decompressed into a temporary
   * file first, if the disk has room.
   *
   * @throws AirgapError `INPUT` when it cannot be read, `BUNDLE` when it is no `.airgap`, `DISK`
   */
  static async open(path: string, options: ArchiveOptions = {}): Promise<Archive> {
    const file = await FileAccess.open(path, 'the .airgap');
    const tar = (await StoredGzipContent.open(file)) ?? (await decompressed(file, options));
    try {
      return new Archive(tar, file.size, await readContents(tar, path));
    } catch (error) {
      await tar[Symbol.asyncDispose]();
      throw error instanceof AirgapError ? error.withContext({ path }) : error;
    }
  }

  /** Opens the content of an entry. */
  open({ offset, size }: PlacedEntry): RandomAccess {
    return slice(this.#tar, { start: offset, end: offset + size });
  }

  /** Reads the complete content of an entry. @throws AirgapError `BUNDLE` when it ends early */
  read(entry: PlacedEntry): Promise<Buffer> {
    return readEntryOf(this.#tar, entry);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tar[Symbol.asyncDispose]();
  }
}

/** Names of the first entry in a `.airgap`, in any order of its parts. */
const FIRST_ENTRY = /^(?:\.\/)?(?:airgap\.yaml|app\.tar\.gz|images(?:\/.*)?|embedded-cluster\/.*)$/;
/** Enough for the gzip of a tar header, in bytes. */
const START_SIZE = 4 * 1024;
/** The most that this many bytes can decompress to. */
const MAX_START = START_SIZE * 1100;

/**
 * Whether a file is gzip around a tar whose first entry is one of a `.airgap`. One without gzip is recognised by its
 * document, and {@link Archive.open} says what is wrong.
 */
export async function isAirgap(file: RandomAccess): Promise<boolean> {
  const start = Buffer.alloc(Math.min(START_SIZE, file.size));
  if (!(await readFully(file, start, 0))) return false;
  try {
    if (!isGzip(start)) return firstName(start) === AIRGAP_DOCUMENT;
    const content = gunzipSync(start, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_START });
    return FIRST_ENTRY.test(firstName(content));
  } catch {
    return false;
  }
}

/** The name of the first entry after extended headers. @throws AirgapError `BUNDLE` */
function firstName(tar: Buffer): string {
  for (let at = 0; at + BLOCK <= tar.length; ) {
    const entry = decodeHeader(tar.subarray(at, at + BLOCK));
    if (!entry || !isExtension(entry)) return entry?.name ?? '';
    at += BLOCK + padded(entry.size);
  }
  return '';
}

async function decompressed(file: FileAccess, options: ArchiveOptions): Promise<RandomAccess> {
  const start = Buffer.alloc(2);
  if ((await readFully(file, start, 0)) && isGzip(start)) return spool(file, options);
  await file[Symbol.asyncDispose]();
  throw invalid('it is not compressed, and KOTS reads only gzip').withContext({ path: file.location });
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

interface Contents {
  readonly entries: ReadonlyMap<string, PlacedEntry>;
  readonly skipped: readonly PlacedEntry[];
  readonly spec: AirgapSpec;
}

async function readContents(tar: RandomAccess, path: string): Promise<Contents> {
  const { entries, skipped } = await readEntries(tar);
  const document = entries.get(AIRGAP_DOCUMENT);
  if (!document) throw missingDocument(entries);
  if (document.size > MAX_DOCUMENT_SIZE)
    throw invalid(`${AIRGAP_DOCUMENT} has ${document.size} bytes, the limit is ${MAX_DOCUMENT_SIZE}`);
  // Other bundles need no parser of YAML, which takes time to load.
  const { parseAirgapDocument } = await import('./airgap-document.ts');
  const spec = parseAirgapDocument((await readEntryOf(tar, document)).toString('utf8'), path);
  const images = spec.savedImages?.length ?? 0;
  if (images > MAX_IMAGES) throw invalid(`savedImages has ${images} images, the limit is ${MAX_IMAGES}`);
  return { entries, skipped, spec };
}

async function readEntries(tar: RandomAccess): Promise<Omit<Contents, 'spec'>> {
  const entries = new Map<string, PlacedEntry>();
  const skipped: PlacedEntry[] = [];
  for await (const entry of walkExtendedTar(tar)) {
    checkName(entry.name);
    if (entries.has(entry.name)) throw invalid(`duplicate entry ${entry.name}`);
    if (entry.type === '0') entries.set(entry.name, entry);
    else skipped.push(entry);
    if (entries.size + skipped.length > MAX_ENTRIES) throw invalid(`more than ${MAX_ENTRIES} entries`);
  }
  return { entries, skipped };
}

async function readEntryOf(tar: RandomAccess, { name, offset, size }: PlacedEntry): Promise<Buffer> {
  const bytes = Buffer.alloc(size);
  if (await readFully(tar, bytes, offset)) return bytes;
  throw invalid(`${name} ends early`);
}

function formatOf({ format, savedImages }: AirgapSpec): ArchiveFormat {
  if (format === 'docker') return 'docker';
  // An archive without images may have no format.
  if (format === undefined || format === '' || format === 'docker-archive') return 'docker-archive';
  if (!savedImages?.length) return 'docker';
  throw new AirgapError('BUNDLE', `its format is ${JSON.stringify(format)}, which KOTS does not read`, {
    hint: 'Ask for a .airgap of the format docker or docker-archive.',
  });
}

/** KOTS refuses paths that lead out of the archive. */
function checkName(name: string): void {
  const isOutside = name.startsWith('/') || name.includes('\\') || name.split('/').includes('..');
  if (isOutside) throw invalid(`illegal path in the archive: ${JSON.stringify(name.slice(0, 200))}`);
  if (Buffer.byteLength(name) > MAX_NAME_SIZE)
    throw invalid(`a name has more than ${MAX_NAME_SIZE} bytes: ${JSON.stringify(name.slice(0, 200))}`);
}

function missingDocument(entries: ReadonlyMap<string, PlacedEntry>): AirgapError {
  if (!entries.has(`./${AIRGAP_DOCUMENT}`)) return invalid(`${AIRGAP_DOCUMENT} is missing`);
  return invalid(`its names start with "./", and KOTS looks for ${AIRGAP_DOCUMENT}`);
}

function invalid(reason: string): AirgapError {
  return new AirgapError('BUNDLE', `not a .airgap that KOTS reads: ${reason}`, {
    hint: 'Fetch the .airgap again, or create one with airgap kots.',
  });
}
