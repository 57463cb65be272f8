import pLimit from 'p-limit';
import { blobPath } from './bundle/documents.ts';
import { blobsOfManifest, manifestsBelow } from './bundle/graph.ts';
import { NAME_ANNOTATIONS } from './bundle/names.ts';
import { BundleReader, type NamedDescriptor } from './bundle/reader.ts';
import { TRAILER_SIZE } from './bundle/tar-header.ts';
import type { PlacedEntry } from './bundle/tar-walk.ts';
import { HashThreads } from './content/hash-threads.ts';
import { AirgapError } from './errors.ts';
import type { OnEvent } from './events.ts';
import { interrupted } from './interrupted.ts';
import type { Descriptor } from './oci/descriptor.ts';
import { parseDigest } from './oci/digest.ts';
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
      checkEnd(bundle, step.value, problems);
      return entries;
    }
    const entry = step.value;
    const foreign = foreignReason(entry, entries);
    if (foreign) problems.push({ message: foreign, entry: entry.name, offset: entry.headerOffset });
    else entries.set(entry.name, entry);
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

function checkEnd(bundle: BundleReader, end: number, problems: Problem[]): void {
  const over = bundle.size - end - TRAILER_SIZE;
  if (over < 0) problems.push({ message: `the tar's end mark is cut short by ${-over} bytes`, offset: end });
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
  for (const { name = 'index.json', descriptor: root } of names) {
    need(root, name);
    const broken = (descriptor: Descriptor, error: unknown) => {
      if (!(error instanceof AirgapError)) throw error;
      if (entries.has(blobPath(descriptor)))
        problems.push({ message: `${name}: ${error.message}`, entry: blobPath(descriptor) });
    };
    for await (const { manifest } of manifestsBelow(bundle, entries, root, broken)) {
      for (const child of manifest.kind === 'index' ? manifest.manifests : blobsOfManifest(manifest))
        need(child, name);
    }
  }
  await checkClassic(bundle, entries, problems);
  for (const { name, headerOffset } of entries.values()) {
    if (!referenced.has(name))
      problems.push({ message: 'foreign blob: no image needs it', entry: name, offset: headerOffset });
  }
  return names.flatMap(({ name }) => (name === undefined ? [] : [name]));
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

/** What `manifest.json` points to must be there as well. */
async function checkClassic(
  bundle: BundleReader,
  entries: ReadonlyMap<string, PlacedEntry>,
  problems: Problem[],
): Promise<void> {
  const document = await bundle.document(entries, 'manifest.json');
  const images = Array.isArray(document) ? (document as { Config?: unknown; Layers?: unknown }[]) : undefined;
  if (!images) {
    problems.push({ message: 'not a list of images', entry: 'manifest.json' });
    return;
  }
  for (const { Config, Layers } of images) {
    for (const path of [Config, ...(Array.isArray(Layers) ? Layers : [undefined])]) {
      if (typeof path === 'string' && BLOB.test(path) && entries.has(path)) continue;
      problems.push({
        message: `it points to ${JSON.stringify(path)}, which is not there`,
        entry: 'manifest.json',
      });
    }
  }
}
