import { selectImages } from '../bundle/select.ts';
import { StreamTarget } from '../bundle/stream-target.ts';
import { planSubset } from '../bundle/subset.ts';
import { writeBundle } from '../bundle/write-bundle.ts';
import { amountOf } from '../layout/blob-usage.ts';
import { type ImageClosure, imageClosure } from '../layout/image-closure.ts';
import type { Layout } from '../layout/layout.ts';
import { leftOutLayers } from '../layout/left-out-layers.ts';
import { missingBase, type NeededBlob } from '../layout/missing-base.ts';
import { openLayout, refuseAirgapBase } from '../layout/open-layout.ts';
import { AirgapError } from '../model/errors.ts';
import { interruptible } from '../model/interrupted.ts';
import { absolutePath } from '../model/path-or-url.ts';
import type { ObjectOptions } from '../objects/read/object-options.ts';
import type { Digest } from '../oci/digest.ts';
import type { Runtime, WriteBundle } from '../runtime/runtime.ts';
import { RuntimeInventory } from '../runtime/runtime-inventory.ts';
import { parseRuntimeTarget } from '../runtime/target.ts';
import { requireSigned, type SignatureOptions } from '../signing/bundle-checksums.ts';
import type { ImageSignature, SignatureRule } from '../signing/image-policy.ts';
import { requireImageSignatures } from '../signing/layout-images.ts';
import { type OnTimedEvent, withTime } from '../store/events.ts';
import { checkOptions } from './check-options.ts';

export interface LoadRuntimeOptions extends SignatureOptions, ObjectOptions {
  /** Path of the bundle. */
  readonly bundle: string;
  /** Layouts that have the layers that a delta leaves to its base. Docker and containerd may have them as well. */
  readonly base?: readonly string[] | undefined;
  /** `docker:`, `podman:` or `containerd:[NAMESPACE]`. */
  readonly target: string;
  /** Names to load, `*` matches any characters; all names when omitted. */
  readonly images?: readonly string[] | undefined;
  /** Report what would be loaded, and load nothing. */
  readonly dryRun?: boolean | undefined;
  /** Which key must have signed which images. */
  readonly signatures?: readonly SignatureRule[] | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnTimedEvent | undefined;
}

/** The outcome of a load for one name of the bundle. */
export interface RuntimeLoadedImage {
  readonly name: string;
  /** The digest that the name has in the bundle. */
  readonly digest: string;
  /** The image ID that the runtime reports after the load; undefined when the image does not exist. */
  readonly found: string | undefined;
  /**
   * - `loaded`    the image was missing, or the name had another image ID
   * - `present`   the image already existed
   * - `unnamed`   the image exists without this name, because the runtime does not store names with digests
   * - `artifact`  the image cannot run, and the runtime does not store artifacts
   */
  readonly state: 'loaded' | 'present' | 'unnamed' | 'artifact';
}

/** The outcome of a load into a container runtime. */
export interface LoadRuntimeResult {
  /** Absolute path of the bundle. */
  readonly path: string;
  readonly target: string;
  readonly dryRun: boolean;
  /** The images that the policy for signatures is about; empty without one. */
  readonly signatures: readonly ImageSignature[];
  readonly images: readonly RuntimeLoadedImage[];
  /** Number and total size in bytes of the blobs that were streamed to the runtime, or would be in a dry run. */
  readonly loaded: { readonly blobs: number; readonly bytes: number };
  /** In ms. */
  readonly elapsed: number;
}

/**
 * Loads a bundle into a container runtime on this machine with the runtime's own command. The bundle is streamed to
 * standard input and verified on the way; nothing is written to disk. Images already present are skipped, and every
 * name is checked afterwards.
 *
 * @throws AirgapError `RUNTIME` when the runtime is not installed, fails, or does not have a name afterwards; `USAGE`,
 * `INPUT`, `BUNDLE`, `CONTENT` when the bundle is damaged, `INTERRUPTED`
 */
export async function loadRuntime(options: LoadRuntimeOptions): Promise<LoadRuntimeResult> {
  checkOptions('loadRuntime', options, ['bundle', 'target']);
  const started = performance.now();
  const { signal = new AbortController().signal, dryRun = false } = options;
  const onEvent = withTime(options.onEvent ?? (() => {}));
  const runtime = parseRuntimeTarget(options.target);
  return interruptible(signal, async () => {
    await using layout = await openLayout(options.bundle, options);
    if (layout.form === 'airgap') refuseAirgapBase(layout.path, options.base);
    await requireSigned(layout, options.bundle, options, onEvent);
    const signatures = await requireImageSignatures(layout, options.signatures);
    onEvent({ type: 'phase', phase: 'read' });
    const names = await selectImages(layout, options.images);
    const images = await Promise.all(names.map(named => imageClosure(layout, named)));
    onEvent({ type: 'phase', phase: 'query', host: options.target });
    const before = new RuntimeInventory(await runtime.images(signal));
    const missing = images.filter(image => !before.isComplete(image) && isSupported(image, runtime));
    await requireBase(layout, missing, runtime, signal);
    const loaded = sumOf(layout, missing);
    onEvent({ type: 'planned', images: images.length, ...loaded, size: layout.size });
    onEvent({ type: 'phase', phase: 'move', host: options.target });
    for (const batch of dryRun ? [] : batches(missing, runtime)) {
      const subset = await planSubset(layout, batch.images);
      await batch.run(
        (stdin, ended) =>
          writeBundle(new StreamTarget(stdin, ended), subset, { sourcesOf: () => [layout], onEvent }),
        signal,
      );
    }
    if (!dryRun) onEvent({ type: 'phase', phase: 'check', host: options.target });
    const after = dryRun ? undefined : new RuntimeInventory(await runtime.images(signal));
    return {
      path: absolutePath(options.bundle),
      target: options.target,
      dryRun,
      signatures,
      images: after ? outcomes(images, { before, after }, runtime) : forecasts(images, before, runtime),
      loaded,
      elapsed: performance.now() - started,
    };
  });
}

function isSupported({ isRunnable }: ImageClosure, { importArtifacts }: Runtime): boolean {
  return isRunnable || importArtifacts !== undefined;
}

/** The blobs that are streamed: a delta does not have all of them. */
function sumOf(layout: Layout, images: readonly ImageClosure[]): LoadRuntimeResult['loaded'] {
  const blobs = images.flatMap(image => image.blobs).filter(blob => !layout.expects(blob));
  return amountOf(new Map(blobs.map(blob => [blob.digest, blob])).values());
}

/** Checks that the runtime has what a delta leaves out. @throws AirgapError `INPUT` with every layer that is missing */
async function requireBase(
  layout: Layout,
  images: readonly ImageClosure[],
  runtime: Runtime,
  signal: AbortSignal,
): Promise<void> {
  if (layout.absent.size === 0) return;
  const layers = (await Promise.all(images.map(image => leftOutLayers(layout, image)))).flat();
  if (layers.length === 0) return;
  const unavailable = await runtime.missingLayers(layers, signal);
  const needed = new Map(unavailable.map(({ digest }) => [digest, neededBlob(digest, images)]));
  if (needed.size === 0) return;
  throw missingBase(layout, [...needed.values()], `${runtime.title} does not have them`);
}

function neededBlob(digest: Digest, images: readonly ImageClosure[]): NeededBlob {
  const users = images.filter(({ blobs }) => blobs.some(blob => blob.digest === digest));
  const size = users[0]?.blobs.find(blob => blob.digest === digest)?.size ?? 0;
  return { digest, size, images: users.map(({ name }) => name.toString()) };
}

/** Images that one command imports. */
interface ImportBatch {
  readonly images: readonly ImageClosure[];
  run(writeBundle: WriteBundle, signal: AbortSignal): Promise<void>;
}

/** Imports images and artifacts separately: a runtime unpacks images, and must not try to unpack artifacts. */
function batches(missing: readonly ImageClosure[], runtime: Runtime): ImportBatch[] {
  const all: ImportBatch[] = [
    {
      images: missing.filter(({ isRunnable }) => isRunnable),
      run: (writeBundle, signal) => runtime.load(writeBundle, signal),
    },
    {
      images: missing.filter(({ isRunnable }) => !isRunnable),
      run: async (writeBundle, signal) => runtime.importArtifacts?.(writeBundle, signal),
    },
  ];
  return all.filter(({ images }) => images.length > 0);
}

/** The images of a runtime before and after the import. */
interface Inventories {
  readonly before: RuntimeInventory;
  readonly after: RuntimeInventory;
}

/** @throws AirgapError `RUNTIME` for every name that is missing or has another image ID */
function outcomes(
  images: readonly ImageClosure[],
  { before, after }: Inventories,
  runtime: Runtime,
): RuntimeLoadedImage[] {
  const errors = images.flatMap(image => {
    const id = after.idOf(image);
    const isLoaded = id === undefined ? !isSupported(image, runtime) : image.ids.has(id);
    return isLoaded ? [] : [notLoaded(image, id, runtime.title)];
  });
  if (errors.length > 0)
    throw AirgapError.all(errors, `${errors.length} images are missing or different in ${runtime.title}`);
  return images.map(image => {
    const found = after.idOf(image);
    return { ...nameAndDigest(image), found, state: stateOf(image, found, { before, after }) };
  });
}

function stateOf(
  image: ImageClosure,
  found: string | undefined,
  { before, after }: Inventories,
): RuntimeLoadedImage['state'] {
  if (found === undefined) return 'artifact';
  if (before.idOf(image) === found) return 'present';
  return after.hasName(image) ? 'loaded' : 'unnamed';
}

/** The expected outcome for every name. */
function forecasts(
  images: readonly ImageClosure[],
  before: RuntimeInventory,
  runtime: Runtime,
): RuntimeLoadedImage[] {
  return images.map(image => {
    const found = before.idOf(image);
    const state = isSupported(image, runtime) ? 'loaded' : 'artifact';
    return { ...nameAndDigest(image), found, state: image.ids.has(found ?? '') ? 'present' : state };
  });
}

function nameAndDigest({ name, root }: ImageClosure): { name: string; digest: string } {
  return { name: name.toString(), digest: root.digest };
}

function notLoaded({ name, root }: ImageClosure, id: string | undefined, title: string): AirgapError {
  const problem = id === undefined ? `${name} is missing` : `${name} has the image ID ${id}`;
  return new AirgapError('RUNTIME', `${title} loaded the bundle but ${problem}`, {
    where: { image: name.toString(), digest: root.digest },
    hint: "Load again; if it persists, check the runtime's log, its disk space and the platform of the image.",
  });
}
