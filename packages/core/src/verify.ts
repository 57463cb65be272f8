import { isDeepStrictEqual } from 'node:util';
import pLimit from 'p-limit';
import { BlobOrder } from './bundle/blob-order.ts';
import { classicProblems } from './bundle/classic.ts';
import { blobPath } from './bundle/documents.ts';
import { frameProblem } from './bundle/frame.ts';
import { blobsOfManifest, manifestsBelow } from './bundle/graph.ts';
import { NAME_ANNOTATIONS, RESOLVED_ANNOTATION } from './bundle/names.ts';
import { BundleReader, type NamedDescriptor } from './bundle/reader.ts';
import { TRAILER_SIZE } from './bundle/tar-header.ts';
import type { PlacedEntry } from './bundle/tar-walk.ts';
import { HashThreads } from './content/hash-threads.ts';
import { AirgapError } from './errors.ts';
import type { OnEvent } from './events.ts';
import { parseConfig } from './image/config.ts';
import { interrupted } from './interrupted.ts';
import type { Descriptor } from './oci/descriptor.ts';
import { isDigest, parseDigest } from './oci/digest.ts';
import { type ImageManifest, isRunnable, type Manifest } from './oci/manifest.ts';
import { formatPlatform } from './oci/platform.ts';
import { Reference } from './reference/reference.ts';

export interface VerifyOptions {
  /** The bundle's path. */
  readonly bundle: string;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnEvent | undefined;
}

/** Something that is wrong with a bundle. */
export interface Problem {
  readonly message: string;
  /** The tar entry that it is about. */
  readonly entry?: string;
  /** Where that entry begins in the file, in bytes. */
  readonly offset?: number;
}

export interface VerifyResult {
  readonly path: string;
  /** The names in the bundle. */
  readonly images: readonly string[];
  readonly blobs: number;
  /** Bytes of all blobs. */
  readonly bytes: number;
  /** Empty for a bundle that is whole. */
  readonly problems: readonly Problem[];
}

const DOCUMENTS = ['oci-layout', 'index.json', 'manifest.json'];
/** What a build writes into an index, a descriptor, a platform and annotations. */
const INDEX_KEYS = new Set(['schemaVersion', 'mediaType', 'manifests']);
const DESCRIPTOR_KEYS = new Set(['mediaType', 'digest', 'size', 'platform', 'annotations']);
const PLATFORM_KEYS = new Set(['os', 'architecture', 'variant']);
const ANNOTATION_KEYS = new Set<string>([...NAME_ANNOTATIONS, RESOLVED_ANNOTATION]);
const BLOB = /^blobs\/sha256\/[0-9a-f]{64}$/;

/**
 * Checks a bundle in place, reading it once: every digest, every reference complete, nothing foreign in the file,
 * names sane. What is wrong comes back as problems.
 *
 * @throws AirgapError `INPUT` when the file cannot be read, `INTERRUPTED`
 */
export async function verify({
  bundle: path,
  signal,
  onEvent = () => {},
}: VerifyOptions): Promise<VerifyResult> {
  await using bundle = await BundleReader.open(path);
  const problems: Problem[] = [];
  try {
    const entries = await checkTar(bundle, problems);
    const blobs = [...entries.values()].filter(({ name }) => BLOB.test(name));
    const bytes = blobs.reduce((all, { size }) => all + size, 0);
    onEvent({ type: 'planned', images: 0, blobs: blobs.length, bytes, size: bundle.size });
    onEvent({ type: 'phase', phase: 'verify' });
    await checkBlobs(bundle, blobs, problems, onEvent, signal);
    const images = await checkReferences(bundle, entries, problems);
    return { path, images, blobs: blobs.length, bytes, problems };
  } catch (error) {
    if (signal?.aborted) throw interrupted(error);
    if (!(error instanceof AirgapError)) throw error;
    return { path, images: [], blobs: 0, bytes: 0, problems: [...problems, { message: error.message }] };
  }
}

async function checkTar(bundle: BundleReader, problems: Problem[]): Promise<Map<string, PlacedEntry>> {
  const entries = new Map<string, PlacedEntry>();
  const walk = bundle.walk();
  for (;;) {
    const step = await walk.next();
    if (step.done) {
      await checkEnd(bundle, step.value, problems);
      return entries;
    }
    const entry = step.value;
    const foreign = foreignReason(entry, entries);
    if (foreign) problems.push({ message: foreign, entry: entry.name, offset: entry.headerOffset });
    else entries.set(entry.name, entry);
    const framed = foreign ? undefined : await frameProblem(bundle, entry);
    if (framed) problems.push({ message: framed, entry: entry.name, offset: entry.headerOffset });
  }
}

function foreignReason(
  { name, type }: PlacedEntry,
  known: ReadonlyMap<string, PlacedEntry>,
): string | undefined {
  if (!DOCUMENTS.includes(name) && !BLOB.test(name))
    return 'foreign entry: a bundle holds nothing of that name';
  if (type !== '0') return `entry of type ${JSON.stringify(type)}: a bundle holds only regular files`;
  if (known.has(name)) return 'duplicate entry: readers disagree on which one counts';
  return undefined;
}

async function checkEnd(bundle: BundleReader, end: number, problems: Problem[]): Promise<void> {
  const over = bundle.size - end - TRAILER_SIZE;
  if (over < 0) problems.push({ message: `the tar's end mark is cut short by ${-over} bytes`, offset: end });
  const trailer = over < 0 ? Buffer.alloc(0) : await bundle.bytes(end, TRAILER_SIZE);
  if (trailer.some(byte => byte !== 0))
    problems.push({ message: "foreign bytes in the tar's end mark", offset: end });
  if (over > 0)
    problems.push({ message: `${over} foreign bytes after the tar's end`, offset: end + TRAILER_SIZE });
}

/** Every blob against the digest that it is called, as many at once as there are threads. */
async function checkBlobs(
  bundle: BundleReader,
  blobs: readonly PlacedEntry[],
  problems: Problem[],
  onEvent: OnEvent,
  signal: AbortSignal | undefined,
): Promise<void> {
  await using threads = new HashThreads(signal);
  const limit = pLimit(threads.most);
  const check = async (blob: PlacedEntry) => {
    const problem = await checkBlob(bundle, blob, threads, onEvent);
    if (problem) problems.push({ message: problem, entry: blob.name, offset: blob.headerOffset });
  };
  await Promise.all(blobs.map(blob => limit(check, blob)));
  problems.sort((a, b) => (a.offset ?? 0) - (b.offset ?? 0));
}

async function checkBlob(
  bundle: BundleReader,
  entry: PlacedEntry,
  threads: HashThreads,
  onEvent: OnEvent,
): Promise<string | undefined> {
  const { size } = entry;
  const digest = parseDigest(`sha256:${entry.name.slice('blobs/sha256/'.length)}`);
  onEvent({ type: 'blob-started', digest, size, image: entry.name });
  let received = 0;
  const actual = await bundle.digest(entry, threads, bytes => {
    received += bytes;
    onEvent({ type: 'blob-progress', digest, received, size });
  });
  onEvent({ type: 'blob-finished', digest, size });
  return actual === digest
    ? undefined
    : `content does not match its digest: got bytes with the digest ${actual}`;
}

async function checkReferences(
  bundle: BundleReader,
  entries: ReadonlyMap<string, PlacedEntry>,
  problems: Problem[],
): Promise<string[]> {
  const layout = (await bundle.document(entries, 'oci-layout')) as { imageLayoutVersion?: unknown } | null;
  if (layout?.imageLayoutVersion !== '1.0.0')
    problems.push({ message: 'not version 1.0.0 of the image layout', entry: 'oci-layout' });
  const names = await bundle.names(entries);
  checkNames(names, problems);
  const index = await bundle.document(entries, 'index.json');
  const strange = unknownKeys(index as object, INDEX_KEYS).concat(
    names.flatMap(({ descriptor }) => [
      ...unknownKeys(descriptor, DESCRIPTOR_KEYS),
      ...unknownKeys(descriptor.platform ?? {}, PLATFORM_KEYS),
      ...unknownKeys(descriptor.annotations ?? {}, ANNOTATION_KEYS),
    ]),
  );
  if (strange.length > 0 || !Object.hasOwn(index as object, 'mediaType'))
    problems.push({ message: `it has not the keys of an index: ${strange.join(', ')}`, entry: 'index.json' });
  const referenced = new Set(DOCUMENTS);
  const need = (descriptor: Descriptor, by: string) => {
    referenced.add(blobPath(descriptor));
    const entry = entries.get(blobPath(descriptor));
    if (entry?.size === descriptor.size) return;
    const wrong = entry ? `has ${entry.size} bytes instead of ${descriptor.size}` : 'is missing';
    problems.push({
      message: `${descriptor.digest}, which ${by} needs, ${wrong}`,
      entry: blobPath(descriptor),
    });
  };
  const images = new Map<string, ImageManifest[]>();
  const order = new BlobOrder();
  for (const { name = 'index.json', descriptor: root } of names) {
    need(root, name);
    const broken = (descriptor: Descriptor, error: unknown) => {
      if (!(error instanceof AirgapError)) throw error;
      if (entries.has(blobPath(descriptor)))
        problems.push({ message: `${name}: ${error.message}`, entry: blobPath(descriptor) });
    };
    for await (const { descriptor, manifest } of manifestsBelow(bundle, entries, root, broken)) {
      if (descriptor === root)
        for (const message of await rootProblems(bundle, entries, root, manifest))
          problems.push({ message: `${name}: ${message}`, entry: 'index.json' });
      order.add(descriptor, manifest);
      if (manifest.kind === 'image' && isRunnable(manifest)) addTo(images, name, manifest);
      for (const child of manifest.kind === 'index' ? manifest.manifests : blobsOfManifest(manifest))
        need(child, name);
    }
  }
  for (const { name } of names) if (name !== undefined && !images.has(name)) images.set(name, []);
  if (!problems.some(({ entry }) => entry === 'index.json'))
    for (const message of await classicProblems(bundle, entries, images))
      problems.push({ message, entry: 'manifest.json' });
  if (!order.isKept([...entries.keys()]))
    problems.push({ message: 'the entries are not in the order in which a build writes them' });
  await checkWriting(bundle, entries, problems);
  for (const { name, headerOffset } of entries.values()) {
    if (!referenced.has(name))
      problems.push({ message: 'foreign blob: no image needs it', entry: name, offset: headerOffset });
  }
  return names.flatMap(({ name }) => (name === undefined ? [] : [name]));
}

function addTo<T>(lists: Map<string, T[]>, key: string, one: T): void {
  const list = lists.get(key);
  if (list) list.push(one);
  else lists.set(key, [one]);
}

function unknownKeys(fields: object, known: ReadonlySet<string>): string[] {
  return Object.keys(fields).filter(key => !known.has(key));
}

/** What `index.json` says of a manifest, beside its digest, must be what the manifest and its config say. */
async function rootProblems(
  bundle: BundleReader,
  entries: ReadonlyMap<string, PlacedEntry>,
  { mediaType, platform }: Descriptor,
  manifest: Manifest,
): Promise<string[]> {
  const problems: string[] = [];
  if (mediaType !== manifest.mediaType)
    problems.push(`its media type is ${manifest.mediaType}, not ${mediaType}`);
  if (
    platform &&
    manifest.kind === 'image' &&
    isRunnable(manifest) &&
    entries.has(blobPath(manifest.config))
  ) {
    const config = await bundle.blob(entries, manifest.config);
    const own = parseConfig(config, { path: bundle.path, digest: manifest.config.digest }).platform;
    if (own && !isDeepStrictEqual(platform, JSON.parse(JSON.stringify(own))))
      problems.push(`its platform is ${formatPlatform(own)}, not ${formatPlatform(platform)}`);
  }
  return problems;
}

/** Each name once, canonical, and the same for every reader. */
function checkNames(names: readonly NamedDescriptor[], problems: Problem[]): void {
  const seen = new Set<string>();
  for (const { name, descriptor } of names) {
    const message = nameProblem(name, descriptor, seen);
    if (message) problems.push({ message, entry: 'index.json' });
    if (name !== undefined) seen.add(name);
  }
}

function nameProblem(
  name: string | undefined,
  { digest, annotations = {} }: Descriptor,
  seen: ReadonlySet<string>,
): string | undefined {
  if (name === undefined) return `${digest} has no name`;
  if (NAME_ANNOTATIONS.some(key => annotations[key] !== name))
    return `${digest} goes by different names for different readers`;
  const resolved = annotations[RESOLVED_ANNOTATION];
  if (resolved !== undefined && !isDigest(resolved)) return `${name} was resolved to what is no digest`;
  if (seen.has(name)) return `the name ${name} stands there twice`;
  try {
    const reference = Reference.parse(name);
    if (reference.toString() !== name) return `the name ${name} is not canonical: it should be ${reference}`;
    if (reference.digest !== undefined && reference.digest !== digest)
      return `the name ${name} stands for another digest, ${digest}`;
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** No digest covers the documents, but there is one way to write what they say. */
async function checkWriting(
  bundle: BundleReader,
  entries: ReadonlyMap<string, PlacedEntry>,
  problems: Problem[],
): Promise<void> {
  for (const name of DOCUMENTS) {
    const entry = entries.get(name);
    if (!entry) continue;
    const text = (await bundle.bytes(entry.offset, entry.size)).toString('utf8');
    if (text !== JSON.stringify(await bundle.document(entries, name)))
      problems.push({
        message: 'it is not written as a build writes it',
        entry: name,
        offset: entry.headerOffset,
      });
  }
}
