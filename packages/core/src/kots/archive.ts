import { constants, gunzipSync } from 'node:zlib';
import { AirgapError } from '../model/errors.ts';
import { FileAccess } from '../store/file-access.ts';
import { type RandomAccess, slice } from '../store/random-access.ts';
import { readFully } from '../store/read-ranges.ts';
import { walkExtendedTar } from '../tar/extended-walk.ts';
import { BLOCK, decodeHeader } from '../tar/header.ts';
import type { PlacedEntry } from '../tar/walk.ts';
import { AIRGAP_DOCUMENT, type AirgapSpec, parseAirgapDocument } from './airgap-document.ts';
import { spool } from './spool.ts';
import { StoredGzipContent } from './stored-gzip.ts';

/** The size limit of `airgap.yaml`, in bytes. */
const MAX_DOCUMENT_SIZE = 16 * 1024 * 1024;
/** The format whose images are the tree of a registry; KOTS takes a missing one for `docker-archive`. */
const FORMAT = 'docker';
/** The number of entries that an archive may have. */
const MAX_ENTRIES = 2_000_000;

/** An open `.airgap`: gzip around a tar. */
export class Archive implements AsyncDisposable {
  readonly spec: AirgapSpec;
  /** Regular files by name; of two with one name, the first, as KOTS reads them. */
  readonly entries: ReadonlyMap<string, PlacedEntry>;
  /** The size of the file, in bytes. */
  readonly size: number;
  /** Whether it had to be decompressed into a temporary file. */
  readonly isSpooled: boolean;
  readonly #tar: RandomAccess;

  private constructor(tar: RandomAccess, size: number, isSpooled: boolean, contents: Contents) {
    this.#tar = tar;
    this.size = size;
    this.isSpooled = isSpooled;
    this.entries = contents.entries;
    this.spec = contents.spec;
  }

  /**
   * Opens an archive. One that is stored without compression is read in place, others are decompressed into a temporary
   * file first.
   *
   * @param onSpool is called before that, with the size of the file in bytes
   * @throws AirgapError `INPUT` when it cannot be read, `BUNDLE` when it is no `.airgap`, `DISK`
   */
  static async open(path: string, onSpool?: (size: number) => void, signal?: AbortSignal): Promise<Archive> {
    const file = await FileAccess.open(path, 'the .airgap');
    const stored = await StoredGzipContent.open(file);
    if (!stored) {
      onSpool?.(file.size);
      await file[Symbol.asyncDispose]();
    }
    const tar = stored ?? (await spool(path, file.size, signal));
    try {
      return new Archive(tar, file.size, !stored, await readContents(tar, path));
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

/** Whether a file is gzip around a tar whose first entry is one of a `.airgap`. */
export async function isAirgap(file: RandomAccess): Promise<boolean> {
  const start = Buffer.alloc(Math.min(START_SIZE, file.size));
  if (!(await readFully(file, start, 0)) || !isGzip(start)) return false;
  try {
    const content = gunzipSync(start, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_START });
    return FIRST_ENTRY.test(decodeHeader(content.subarray(0, BLOCK))?.name ?? '');
  } catch {
    return false;
  }
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

interface Contents {
  readonly entries: ReadonlyMap<string, PlacedEntry>;
  readonly spec: AirgapSpec;
}

async function readContents(tar: RandomAccess, path: string): Promise<Contents> {
  const entries = new Map<string, PlacedEntry>();
  for await (const entry of walkExtendedTar(tar)) {
    if (isUnsafe(entry.name))
      throw invalid(`illegal path in the archive: ${JSON.stringify(entry.name.slice(0, 200))}`);
    if (entry.type === '0' && !entries.has(entry.name)) entries.set(entry.name, entry);
    if (entries.size > MAX_ENTRIES) throw invalid(`more than ${MAX_ENTRIES} files`);
  }
  const document = entries.get(AIRGAP_DOCUMENT);
  if (!document) throw missingDocument(entries);
  if (document.size > MAX_DOCUMENT_SIZE)
    throw invalid(`${AIRGAP_DOCUMENT} has ${document.size} bytes, the limit is ${MAX_DOCUMENT_SIZE}`);
  const spec = parseAirgapDocument((await readEntryOf(tar, document)).toString('utf8'), path);
  if (spec.format !== FORMAT && spec.savedImages?.length) throw unsupportedFormat(spec);
  return { entries, spec };
}

async function readEntryOf(tar: RandomAccess, { name, offset, size }: PlacedEntry): Promise<Buffer> {
  const bytes = Buffer.alloc(size);
  if (await readFully(tar, bytes, offset)) return bytes;
  throw invalid(`${name} ends early`);
}

/** An archive without images has no format. */
function unsupportedFormat({ format = 'docker-archive' }: AirgapSpec): AirgapError {
  return new AirgapError(
    'BUNDLE',
    `its format is ${JSON.stringify(format)}, and only ${FORMAT} is supported`,
    {
      hint: 'Ask for a .airgap of an app with minKotsVersion 1.82.0 or later.',
    },
  );
}

/** KOTS refuses such paths. */
function isUnsafe(name: string): boolean {
  return name.startsWith('/') || name.includes('\\') || name.split('/').includes('..');
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
