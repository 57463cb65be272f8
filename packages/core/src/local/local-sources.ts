import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Layout } from '../layout/layout.ts';
import { openDockerArchive } from '../layout/open-docker-archive.ts';
import { openLayout } from '../layout/open-layout.ts';
import { AirgapError } from '../model/errors.ts';
import { isRunnable } from '../oci/manifest.ts';
import { MediaType } from '../oci/media-type.ts';
import type { PlatformChoice } from '../oci/platform.ts';
import type { Reference } from '../reference/reference.ts';
import type { ResolvedImage } from '../resolve/resolved-image.ts';
import type { OnEvent } from '../store/events.ts';
import { FileAccess } from '../store/file-access.ts';
import type { LocalImage } from './local-image.ts';
import { LocalLayout } from './local-layout.ts';
import { prefix } from './message-prefix.ts';
import { exportFromRuntime } from './runtime-export.ts';
import {
  type FileSourceSpec,
  type LocalSourceSpec,
  parseLocalSource,
  type RuntimeSourceSpec,
} from './source-spec.ts';

/** How many names a message lists. */
const MAX_LISTED = 5;

export interface LocalSourcesOptions {
  /** Local sources, in the order in which they are tried: see {@link parseLocalSource}. */
  readonly from: readonly string[];
  /** The images of the specs. */
  readonly names: readonly Reference[];
  readonly platforms: PlatformChoice;
  /** The bundle that is built; the export of a runtime is written beside it. Default: in the folder for temporary files. */
  readonly output?: string | undefined;
  readonly onEvent?: OnEvent | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Images of this machine that are taken before any registry is queried: layouts, archives, and what runtimes have. The
 * first source that has a name gives its image.
 */
export class LocalSources implements AsyncDisposable {
  readonly #sources: LocalLayout[] = [];
  readonly #images = new Map<string, LocalImage>();
  readonly #onEvent: OnEvent;

  private constructor(onEvent: OnEvent) {
    this.#onEvent = onEvent;
  }

  /**
   * Opens the sources and finds the images of the specs in them. Runtimes export theirs to a temporary file.
   *
   * @throws AirgapError `USAGE` for an invalid source, `INPUT` and `BUNDLE` for one that cannot be read, `RUNTIME`, `DISK`
   */
  static async open(options: LocalSourcesOptions): Promise<LocalSources> {
    const specs = options.from.map(parseLocalSource);
    const sources = new LocalSources(options.onEvent ?? (() => {}));
    try {
      for (const spec of specs) await sources.#add(spec, options);
      return sources;
    } catch (error) {
      await sources[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** All layouts. A blob that one of them has need not be downloaded. */
  get layouts(): readonly Layout[] {
    return this.#sources.map(({ layout }) => layout);
  }

  /** The source of an image; undefined when it comes from a registry. */
  imageOf(name: Reference): LocalImage | undefined {
    return this.#images.get(name.toString());
  }

  /** Records images that were found beside another one: signatures and other referrers. */
  addReferrers(image: LocalImage, referrers: readonly ResolvedImage[]): void {
    for (const { reference } of referrers) this.#images.set(reference.toString(), image);
  }

  /** Reports the images whose digests are not those that a registry has, because a tool made their manifests. */
  reportNewDigests(images: readonly ResolvedImage[]): void {
    for (const source of this.#sources) {
      if (!source.makesManifests) continue;
      const made = images.filter(
        image => this.imageOf(image.reference)?.layout === source.layout && hasRawLayers(image),
      );
      if (made.length === 0) continue;
      const message = `${prefix(source.text)} it stores layers uncompressed: the digests of ${made.length} of its images may differ from those in a registry`;
      this.#onEvent({ type: 'notice', message });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.layouts.map(layout => layout[Symbol.asyncDispose]()));
  }

  async #add(spec: LocalSourceSpec, options: LocalSourcesOptions): Promise<void> {
    const layout =
      spec.kind === 'runtime' ? await this.#export(spec, options) : await openFileSource(spec, options);
    if (layout === undefined) {
      this.#onEvent({ type: 'notice', message: `${prefix(spec.text)} it has none of the images` });
      return;
    }
    const source = new LocalLayout(spec, layout);
    this.#sources.push(source);
    let found = 0;
    for (const name of options.names) {
      const image = await source.find(name);
      if (image) found += 1;
      else await this.#reportMismatch(source, name);
      if (image && !this.imageOf(name)) this.#images.set(name.toString(), image);
    }
    if (found === 0) await this.#reportUnused(source);
  }

  #export(spec: RuntimeSourceSpec, { output, names, platforms, signal }: LocalSourcesOptions) {
    return exportFromRuntime(spec, {
      names,
      platforms,
      spoolPath: output === undefined ? join(tmpdir(), 'airgap-export') : `${output}.partial.src`,
      onEvent: this.#onEvent,
      signal: signal ?? new AbortController().signal,
    });
  }

  async #reportMismatch(source: LocalLayout, name: Reference): Promise<void> {
    const other = await source.otherDigest(name);
    if (other === undefined) return;
    const message = `${prefix(source.text)} ${name} is not taken from it: its digest there is ${other}`;
    this.#onEvent({ type: 'notice', message });
  }

  async #reportUnused(source: LocalLayout): Promise<void> {
    const names = await source.names();
    const list = names.slice(0, MAX_LISTED).join(', ') || 'images without names';
    const message = `${prefix(source.text)} it has none of the images, but ${list}; NAME=${source.text} takes one under another name`;
    this.#onEvent({ type: 'notice', message });
  }
}

/** Opens the layout or archive of a local source. @throws AirgapError `INPUT`, `BUNDLE` */
export async function openFileSource(
  { kind, path }: FileSourceSpec,
  { signal, onEvent }: Pick<LocalSourcesOptions, 'signal' | 'onEvent'> = {},
): Promise<Layout> {
  if (kind === 'docker-archive') return openDockerArchive(await FileAccess.open(path, 'the docker archive'));
  const isDirectory = (await stat(path).catch(() => undefined))?.isDirectory();
  if (isDirectory !== undefined && isDirectory !== (kind === 'oci')) throw wrongKind(kind, path);
  return openLayout(path, { signal, onEvent });
}

function wrongKind(kind: FileSourceSpec['kind'], path: string): AirgapError {
  const actual = kind === 'oci' ? 'a file' : 'a directory';
  const other = kind === 'oci' ? 'oci-archive' : 'oci';
  return new AirgapError('INPUT', `${kind}: ${path} is ${actual}`, {
    where: { path },
    hint: `Use ${other}:${path}.`,
  });
}

function hasRawLayers({ images }: ResolvedImage): boolean {
  return images.some(
    ({ manifest }) =>
      isRunnable(manifest) && manifest.layers.some(({ mediaType }) => mediaType === MediaType.ociLayer),
  );
}
