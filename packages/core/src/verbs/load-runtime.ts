import { resolve } from 'node:path';
import { BundleReader } from '../bundle/reader.ts';
import { selectImages } from '../bundle/select.ts';
import { streamBundle } from '../bundle/stream.ts';
import { BundleSubset } from '../bundle/subset.ts';
import { type ImageClosure, imageClosure } from '../layout/image-closure.ts';
import { AirgapError } from '../model/errors.ts';
import { interrupted } from '../model/interrupted.ts';
import type { Runtime, WriteBundle } from '../runtime/runtime.ts';
import { RuntimeInventory } from '../runtime/runtime-inventory.ts';
import { parseRuntimeTarget } from '../runtime/target.ts';
import type { OnEvent } from '../store/events.ts';

export interface LoadRuntimeOptions {
  /** The bundle's path. */
  readonly bundle: string;
  /** `docker:`, `podman:` or `containerd:[NAMESPACE]`. */
  readonly target: string;
  /** Names of the bundle to load, `*` stands for anything; all when left out. */
  readonly images?: readonly string[] | undefined;
  /** Ask, and load nothing. */
  readonly dryRun?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnEvent | undefined;
}

/** One name of the bundle, and what became of it. */
export interface RuntimeLoadedImage {
  readonly name: string;
  /** What the name stands for in the bundle. */
  readonly digest: string;
  /** The digest that the runtime knows the image by, asked afterwards; nothing when it is not there. */
  readonly found: string | undefined;
  /**
   * - `loaded`    it was not there, or stood for something else
   * - `present`   it was there already
   * - `unnamed`   the image is there without this name, as the runtime keeps no names with digests
   * - `artifact`  nothing that can run, and the runtime keeps nothing else
   */
  readonly state: 'loaded' | 'present' | 'unnamed' | 'artifact';
}

export interface LoadRuntimeResult {
  /** The bundle. */
  readonly path: string;
  readonly target: string;
  readonly dryRun: boolean;
  readonly images: readonly RuntimeLoadedImage[];
  /** What the runtime was given, or would be. Bytes are those of the blobs. */
  readonly loaded: { readonly blobs: number; readonly bytes: number };
  /** In ms. */
  readonly elapsed: number;
}

/**
 * Feeds a bundle to a container runtime of this machine through the runtime's own command, verified on the way and with
 * nothing written to disk, and asks it afterwards what every name stands for. What is there already is left out.
 *
 * @throws AirgapError `RUNTIME` when the runtime is not there, does not answer, fails or lacks a name afterwards;
 * `USAGE`, `INPUT`, `BUNDLE`, `CONTENT` when the bundle is damaged, `INTERRUPTED`
 */
export async function loadRuntime(options: LoadRuntimeOptions): Promise<LoadRuntimeResult> {
  const started = performance.now();
  const { onEvent = () => {}, signal = new AbortController().signal, dryRun = false } = options;
  const runtime = parseRuntimeTarget(options.target);
  try {
    await using bundle = await BundleReader.open(options.bundle);
    onEvent({ type: 'phase', phase: 'read' });
    const entries = await bundle.entries();
    const names = await selectImages(bundle, entries, options.images);
    const images = await Promise.all(names.map(named => imageClosure(bundle, entries, named)));
    const before = new RuntimeInventory(await runtime.images(signal));
    const wanted = images.filter(
      image => !before.isComplete(image) && (image.isRunnable || runtime.importArtifacts),
    );
    const loaded = sumOf(wanted);
    onEvent({ type: 'planned', images: images.length, ...loaded, size: bundle.size });
    onEvent({ type: 'phase', phase: 'move' });
    for (const batch of dryRun ? [] : batches(wanted, runtime)) {
      const subset = await BundleSubset.of(bundle, entries, batch.images);
      await batch.run((stdin, ended) => streamBundle(stdin, subset.plan, subset, onEvent, ended), signal);
    }
    const after = dryRun ? undefined : new RuntimeInventory(await runtime.images(signal));
    return {
      path: resolve(options.bundle),
      target: options.target,
      dryRun,
      images: after ? reports(images, { before, after }, runtime) : forecasts(images, before, runtime),
      loaded,
      elapsed: performance.now() - started,
    };
  } catch (error) {
    throw signal.aborted ? interrupted(error) : error;
  }
}

function sumOf(images: readonly ImageClosure[]): LoadRuntimeResult['loaded'] {
  const sizes = new Map(images.flatMap(({ blobs }) => blobs.map(({ digest, size }) => [digest, size])));
  return { blobs: sizes.size, bytes: [...sizes.values()].reduce((all, size) => all + size, 0) };
}

/** Images that are given at once, and how. */
interface ImportBatch {
  readonly images: readonly ImageClosure[];
  run(feed: WriteBundle, signal: AbortSignal): Promise<void>;
}

/** Images and what cannot run are given one after the other: a runtime unpacks the first, and only keeps the second. */
function batches(wanted: readonly ImageClosure[], runtime: Runtime): ImportBatch[] {
  const all: ImportBatch[] = [
    {
      images: wanted.filter(({ isRunnable }) => isRunnable),
      run: (feed, signal) => runtime.load(feed, signal),
    },
    {
      images: wanted.filter(({ isRunnable }) => !isRunnable),
      run: async (feed, signal) => runtime.importArtifacts?.(feed, signal),
    },
  ];
  return all.filter(({ images }) => images.length > 0);
}

/** What a runtime was found to hold before and after it was fed. */
interface Found {
  readonly before: RuntimeInventory;
  readonly after: RuntimeInventory;
}

/** @throws AirgapError `RUNTIME` for every name that does not stand for its image now */
function reports(
  images: readonly ImageClosure[],
  { before, after }: Found,
  { title, importArtifacts }: Runtime,
): RuntimeLoadedImage[] {
  const lost = images.flatMap(image => {
    const id = after.idOf(image);
    return image.ids.has(id ?? '') || (id === undefined && !image.isRunnable && !importArtifacts)
      ? []
      : [lostImage(image, id, title)];
  });
  if (lost.length > 0)
    throw AirgapError.all(lost, `${lost.length} names are not in ${title} as they should be`);
  return images.map(image => {
    const found = after.idOf(image);
    const state = found === undefined ? 'artifact' : after.hasName(image) ? 'loaded' : 'unnamed';
    return { ...expected(image), found, state: before.idOf(image) === found && found ? 'present' : state };
  });
}

/** What would become of every name. */
function forecasts(
  images: readonly ImageClosure[],
  before: RuntimeInventory,
  { importArtifacts }: Runtime,
): RuntimeLoadedImage[] {
  return images.map(image => {
    const found = before.idOf(image);
    const state = image.isRunnable || importArtifacts ? 'loaded' : 'artifact';
    return { ...expected(image), found, state: image.ids.has(found ?? '') ? 'present' : state };
  });
}

function expected({ name, root }: ImageClosure) {
  return { name: name.toString(), digest: root.digest };
}

function lostImage({ name, root }: ImageClosure, id: string | undefined, title: string): AirgapError {
  const said = id === undefined ? `does not have ${name}` : `says that ${name} is ${id}`;
  return new AirgapError('RUNTIME', `${title} has taken the bundle, and ${said}`, {
    where: { image: name.toString(), digest: root.digest },
    hint: 'Somebody else changes its images, or it lacks space or the platform: load again, or look at its log.',
  });
}
