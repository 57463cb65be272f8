import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PlannedFiles } from '../bundle/planned-files.ts';
import { selectImages } from '../bundle/select.ts';
import type { BodySource } from '../copy/push.ts';
import { findInput } from '../input/find/find-input.ts';
import type { SourceText } from '../input/model/source-text.ts';
import { Layout } from '../layout/layout.ts';
import { type NamedImage, readName } from '../layout/names.ts';
import { isLayout, openLayout } from '../layout/open-layout.ts';
import { rethrow, walkManifests } from '../layout/walk.ts';
import { LocalLayout } from '../local/local-layout.ts';
import { openFileSource } from '../local/local-sources.ts';
import { exportFromRuntime } from '../local/runtime-export.ts';
import {
  type FileSourceSpec,
  isFileSource,
  parseLocalSource,
  parseRuntimeImage,
  type RuntimeImageSpec,
} from '../local/source-spec.ts';
import { AirgapError } from '../model/errors.ts';
import { MediaType } from '../oci/media-type.ts';
import type { Reference } from '../reference/reference.ts';
import type { Registries } from '../registry/registries.ts';
import { requireSignatures } from '../signing/image-policy.ts';
import { requireImageSignatures } from '../signing/layout-images.ts';
import { blobBody } from '../store/blob-stream.ts';
import { type OnEvent, withTime } from '../store/events.ts';
import { allPlatforms, type PlatformOptions } from './platform-choice.ts';
import type { PushOptions } from './push.ts';
import { blobSources, openLocal, readRequests, resolvePlan } from './resolved-plan.ts';

/** The images of a push, wherever they are. */
export interface PushSource extends AsyncDisposable {
  readonly layout: Layout;
  readonly images: readonly NamedImage[];
  /** The blobs, if the layout does not store them. */
  readonly bodies?: BodySource;
  /** Whether it is nothing but charts of Helm. */
  readonly isChartOnly: boolean;
}

/** What an image is called that has no name at its source. */
type Fallback = Reference | undefined;

/**
 * Opens what is to be pushed: a bundle or layout, one image of a runtime, a local source of `--from`, or an input whose
 * images are resolved as for a build.
 *
 * @param name the name at the target, if there is one
 * @throws AirgapError `USAGE`, `INPUT`, `BUNDLE`, `NOT_FOUND`, `RUNTIME`, and what registries throw
 */
export async function openPushSource(
  registries: Registries,
  options: PushOptions,
  name: Fallback,
): Promise<PushSource> {
  const { source } = options;
  if (typeof source !== 'string') return openInput(source, registries, options);
  const image = isFileSource(source) ? undefined : parseRuntimeImage(source);
  if (image) return openRuntimeImage(image, options);
  if (isFileSource(source)) {
    const spec = parseLocalSource(source) as FileSourceSpec;
    return openStored(spec, await openFileSource(spec), options, name);
  }
  if (!(await isLayout(source))) return openInput(source, registries, options);
  const spec = { kind: 'oci', text: source, path: source } as const;
  return openStored(spec, await openLayout(source, options), options, name);
}

/** A layout, of which it takes all images, or the one that is named. */
async function openStored(
  spec: FileSourceSpec,
  layout: Layout,
  { images: patterns, signatures }: PushOptions,
  name: Fallback,
): Promise<PushSource> {
  return disposing(layout, async () => {
    const isOne = spec.imageName !== undefined || spec.alias !== undefined || name !== undefined;
    const images =
      isOne && patterns === undefined
        ? await onlyImage(new LocalLayout(spec, layout), spec.alias, name)
        : await selectImages(layout, patterns);
    await requireImageSignatures(layout, signatures);
    return stored(layout, images);
  });
}

async function onlyImage(source: LocalLayout, alias: Fallback, fallback: Fallback): Promise<NamedImage[]> {
  const { descriptor, names } = await source.chosen();
  if (alias !== undefined) return [{ name: alias, root: descriptor }];
  const named = names.flatMap(text => readable(text, descriptor) ?? []);
  const [name] = named;
  if (name !== undefined) return named.map(name => ({ name, root: descriptor }));
  if (fallback !== undefined) return [{ name: fallback, root: descriptor }];
  throw new AirgapError('INPUT', 'the image has no name', {
    where: { ...source.layout.origin, digest: descriptor.digest },
    hint: 'Name it in the target: REGISTRY/…/NAME:TAG.',
  });
}

/** A name as a reference; undefined for a text that is not one. */
function readable(text: string, root: NamedImage['root']): Reference | undefined {
  try {
    return readName(text, root).canonical();
  } catch {
    return undefined;
  }
}

async function openRuntimeImage(
  { image, ...spec }: RuntimeImageSpec,
  options: PushOptions,
): Promise<PushSource> {
  const layout = await exportFromRuntime(spec, {
    names: [image],
    platforms: chosenPlatforms(options),
    spoolPath: join(tmpdir(), 'airgap-push'),
    onEvent: withTime(options.onEvent ?? (() => {})),
    signal: options.signal ?? new AbortController().signal,
  });
  if (layout === undefined) throw noImage(spec.runtime.title, image);
  return disposing(layout, async () => {
    const found = await new LocalLayout(spec, layout).find(image);
    const root = await found?.resolve(image);
    if (root === undefined) throw noImage(spec.runtime.title, image);
    if (await hasRawLayers(layout, root))
      withTime(options.onEvent)?.({ type: 'notice', message: rawLayers(image) });
    return stored(layout, [{ name: image, root }]);
  });
}

/** Whether a runtime has exported layers without compression. */
async function hasRawLayers(layout: Layout, root: NamedImage['root']): Promise<boolean> {
  for await (const { manifest } of walkManifests(layout, root, rethrow))
    if (
      manifest.kind === 'image' &&
      manifest.layers.some(({ mediaType }) => mediaType === MediaType.ociLayer)
    )
      return true;
  return false;
}

function rawLayers(image: Reference): string {
  return `${image}: its layers are pushed as the runtime stores them, uncompressed; export it with docker buildx build --output type=oci to push compressed ones`;
}

/** Images of this machine are taken with all platforms that they have. */
function chosenPlatforms({ platforms, imagePlatforms }: PlatformOptions) {
  return platforms === undefined ? 'all' : allPlatforms({ platforms, imagePlatforms });
}

/** The images of an input, from local sources and registries; layers stay there. */
async function openInput(
  spec: string | SourceText,
  registries: Registries,
  options: PushOptions,
): Promise<PushSource> {
  const read = { ...options, specs: [spec] };
  const requests = await readRequests(read);
  const local = await openLocal(requests, read);
  return disposing(local, async () => {
    const { tarPlan, signatures } = await resolvePlan({ registries, local }, requests, read);
    requireSignatures(signatures);
    const location = typeof spec === 'string' ? spec : spec.file;
    const files = new PlannedFiles(tarPlan, location);
    const layout = new Layout(files);
    const images = await selectImages(layout, options.images);
    const onEvent = progressOnly(withTime(options.onEvent ?? (() => {})));
    const bodies: BodySource = {
      of: blob => {
        const ref = files.source(blob);
        const sources = ref ? blobSources({ registries, local }, local.layouts, ref) : [layout];
        return blobBody(sources, blob, ref ? [...ref.images] : [], onEvent);
      },
    };
    const isChartOnly = await hasOnlyCharts(spec);
    return {
      ...stored(layout, images),
      bodies,
      isChartOnly,
      [Symbol.asyncDispose]: () => local[Symbol.asyncDispose](),
    };
  });
}

/** The push reports itself when a blob starts and ends. */
function progressOnly(onEvent: OnEvent): OnEvent {
  return event => {
    if (event.type !== 'blob-started' && event.type !== 'blob-finished') onEvent(event);
  };
}

async function hasOnlyCharts(spec: string | SourceText): Promise<boolean> {
  const { charts, texts, kustomizations } = await findInput([spec]);
  return charts.length > 0 && texts.length + kustomizations.length === 0;
}

function stored(layout: Layout, images: readonly NamedImage[]): PushSource {
  return { layout, images, isChartOnly: false, [Symbol.asyncDispose]: () => layout[Symbol.asyncDispose]() };
}

/** Closes what was opened when the rest fails. */
async function disposing<T>(opened: AsyncDisposable, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    await opened[Symbol.asyncDispose]();
    throw error;
  }
}

function noImage(runtime: string, image: Reference): AirgapError {
  return new AirgapError('NOT_FOUND', `${runtime} does not have ${image}`, {
    where: { image: image.toString() },
    hint: 'Check the name and the tag in the list of its images.',
  });
}
