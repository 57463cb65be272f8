import { AirgapError } from '../model/errors.ts';
import { MAX_CONFIG_SIZE } from '../oci/config.ts';
import { type RandomAccess, type RemoteAccess, slice } from '../store/random-access.ts';
import type { Range } from '../store/ranges.ts';
import { readFully } from '../store/read-ranges.ts';
import { BLOCK, decodeHeader, isCanonical, padded } from '../tar/header.ts';
import type { PlacedEntry } from '../tar/walk.ts';
import { BlobOrder } from './blob-order.ts';
import { RECIPE } from './delta-recipe.ts';
import { blobDigest, DOCUMENTS } from './documents.ts';
import { entriesIn, expectedTar } from './expected-tar.ts';
import { Layout } from './layout.ts';
import type { LayoutFiles, LayoutForm } from './layout-files.ts';
import { ContentsReader, type TarContents, TarFiles } from './tar-files.ts';
import { rethrow, walkManifests } from './walk.ts';

/** How much of the head is fetched at once, in bytes: first, and then each time. */
const FIRST = 1024 * 1024;
const STEP = 16 * 1024 * 1024;
/** The largest head that is kept in memory, in bytes: enough for 25,000 images. */
const MAX_HEAD = 256 * 1024 * 1024;

/**
 * Opens a bundle or a delta whose reads are requests. Only its head is read: the documents, manifests and configs lead to
 * the offset of every layer, and the header of a layer is checked when it is read. The head stays in memory.
 *
 * @returns undefined for any other tar, which must be read header by header
 * @throws AirgapError `BUNDLE` when it is shorter than its head says, and the errors of reading
 */
export async function openByHead(tar: RemoteAccess): Promise<LayoutFiles | undefined> {
  for (let end = FIRST; ; end += STEP) {
    await tar.keepStart(end);
    const head = slice(tar, { start: 0, end: Math.min(end, tar.size) });
    const walked = await entriesIn(head);
    if (!isBundleStart([...walked.keys()])) return undefined;
    const found = await findLayers(head);
    if (found) return openExpected(tar, found, walked);
    const isComplete = end >= Math.min(tar.size, MAX_HEAD) || (await endsInLayers(head, walked));
    if (isComplete) return undefined;
  }
}

/** Whether these are the first entries of a tar that a build wrote. */
function isBundleStart(names: readonly string[]): boolean {
  const documents = names[0] === RECIPE ? [RECIPE, ...DOCUMENTS] : DOCUMENTS;
  return names.every((name, at) => (at < documents.length ? name === documents[at] : blobDigest(name)));
}

/**
 * Whether the entry after the complete ones is too large for the head, invalid, or the end of the tar: then nothing is left
 * of the head, and a walk says what is wrong.
 */
async function endsInLayers(head: RandomAccess, walked: ReadonlyMap<string, PlacedEntry>): Promise<boolean> {
  const last = [...walked.values()].at(-1);
  const next = last === undefined ? 0 : last.offset + padded(last.size);
  const header = Buffer.alloc(BLOCK);
  if (!(await readFully(head, header, next))) return false;
  try {
    const entry = decodeHeader(header);
    return !entry || (blobDigest(entry.name) !== undefined && entry.size > MAX_CONFIG_SIZE);
  } catch (error) {
    if (error instanceof AirgapError) return true;
    throw error;
  }
}

/** What the head of a bundle leads to. */
interface FoundLayers {
  readonly entries: readonly PlacedEntry[];
  /** Of the complete tar, in bytes. */
  readonly size: number;
  /** Where the layers begin, in bytes. */
  readonly layersAt: number;
}

/** Computes where the layers are; undefined when the head does not hold all manifests. */
async function findLayers(head: RandomAccess): Promise<FoundLayers | undefined> {
  const expected = await expectedTar(head);
  if (expected === undefined) return undefined;
  const { mtime, size } = expected;
  const entries = expected.entries.map(
    ({ name, size, headerOffset, offset }): PlacedEntry => ({
      ...{ name, size, headerOffset, offset },
      ...{ mtime, type: '0' },
    }),
  );
  const order = await readOrder(new Layout(new TarFiles(head, contentsOf(entries))));
  if (order === undefined) return undefined;
  const layer = entries.find(({ name }) => order.kindOf(name) === 'layer');
  return { entries, size, layersAt: layer?.headerOffset ?? size };
}

/** Reads all manifests; undefined when one of them is not in the head. */
async function readOrder(layout: Layout): Promise<BlobOrder | undefined> {
  const order = new BlobOrder();
  try {
    for (const { descriptor: root } of await layout.names())
      for await (const { descriptor, manifest } of walkManifests(layout, root, rethrow))
        order.add(descriptor, manifest);
    return order;
  } catch (error) {
    if (error instanceof AirgapError) return undefined;
    throw error;
  }
}

async function openExpected(
  tar: RemoteAccess,
  { entries, size, layersAt }: FoundLayers,
  walked: ReadonlyMap<string, PlacedEntry>,
): Promise<LayoutFiles | undefined> {
  const isAsWalked = [...walked.values()].every((entry, at) => isSamePlace(entry, entries[at]));
  if (!isAsWalked || size < tar.size) return undefined;
  if (size > tar.size) throw truncated(tar, size);
  await tar.keepStart(Math.min(layersAt, MAX_HEAD));
  return new HeadFiles(tar, contentsOf(entries));
}

function isSamePlace(entry: PlacedEntry, expected: PlacedEntry | undefined): boolean {
  return entry.name === expected?.name && entry.size === expected.size && entry.offset === expected.offset;
}

function contentsOf(entries: readonly PlacedEntry[]): TarContents {
  const reader = new ContentsReader();
  for (const entry of entries) reader.add(entry);
  return reader.contents();
}

/** The files of a bundle whose offsets were computed. */
class HeadFiles implements LayoutFiles {
  readonly form: LayoutForm;
  readonly entries: ReadonlyMap<string, PlacedEntry>;
  readonly #tar: RandomAccess;
  /** The names of the entries whose header was read. */
  readonly #checked = new Set<string>();

  constructor(tar: RandomAccess, { form, entries }: TarContents) {
    this.#tar = tar;
    this.form = form;
    this.entries = entries;
  }

  get location(): string {
    return this.#tar.location;
  }

  get size(): number {
    return this.#tar.size;
  }

  async open(entry: PlacedEntry): Promise<RandomAccess> {
    return new FramedContent(this.#tar, entry, this.#checked, { start: 0, end: entry.size });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tar[Symbol.asyncDispose]();
  }
}

/** A range of the content of an entry, or all of it. Its first read checks that the header is the expected one. */
class FramedContent implements RandomAccess {
  readonly size: number;
  readonly #tar: RandomAccess;
  readonly #entry: PlacedEntry;
  readonly #checked: Set<string>;
  readonly #range: Range;
  /** From the header on if the range begins with the content, so that both come with one request. */
  readonly #bytes: RandomAccess;
  readonly #skipped: number;

  constructor(tar: RandomAccess, entry: PlacedEntry, checked: Set<string>, range: Range) {
    const { headerOffset, offset } = entry;
    const start = range.start === 0 ? headerOffset : offset + range.start;
    this.#tar = tar;
    this.#entry = entry;
    this.#checked = checked;
    this.#range = range;
    this.#bytes = slice(tar, { start, end: offset + range.end });
    this.#skipped = offset + range.start - start;
    this.size = range.end - range.start;
  }

  get location(): string {
    return this.#tar.location;
  }

  async read(buffer: Uint8Array, at: number): Promise<number> {
    if (!this.#checked.has(this.#entry.name)) await this.#checkHeader();
    return this.#bytes.read(buffer, this.#skipped + at);
  }

  section({ start, end }: Range): RandomAccess {
    const first = this.#range.start;
    return new FramedContent(this.#tar, this.#entry, this.#checked, {
      start: first + start,
      end: Math.min(first + end, this.#range.end),
    });
  }

  isUnchanged(): Promise<boolean> {
    return this.#tar.isUnchanged();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#bytes[Symbol.asyncDispose]();
  }

  async #checkHeader(): Promise<void> {
    const { name, headerOffset } = this.#entry;
    const header = Buffer.alloc(BLOCK);
    const [bytes, at] = this.#skipped === 0 ? [this.#tar, headerOffset] : [this.#bytes, 0];
    await readFully(bytes, header, at);
    if (!isCanonical(header, this.#entry)) throw unexpectedHeader(this.#tar, this.#entry);
    this.#checked.add(name);
  }
}

function truncated(tar: RandomAccess, expected: number): AirgapError {
  return new AirgapError('BUNDLE', `truncated tar: expected ${expected} bytes, got ${tar.size}`, {
    where: { path: tar.location },
    hint: 'Upload the bundle again.',
  });
}

function unexpectedHeader(tar: RandomAccess, { name, headerOffset }: PlacedEntry): AirgapError {
  return new AirgapError(
    'BUNDLE',
    `invalid or incomplete bundle: expected the header of ${name} at byte ${headerOffset}, got something else`,
    {
      where: { path: tar.location },
      hint: 'Run airgap verify to list all problems, then upload the bundle again.',
    },
  );
}
