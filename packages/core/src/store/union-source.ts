import type { AirgapError } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { RawManifest } from '../oci/manifest.ts';
import type { Reference } from '../reference/reference.ts';
import type { ChunkWriter } from './blob-writer.ts';
import type { OnEvent } from './events.ts';
import { canFallBack, combineFailures, reachable, reportFallback } from './fallback.ts';
import type { BlobSource, ImageSource, RepositoryTags } from './image-source.ts';
import type { Range } from './ranges.ts';

/**
 * Several sources of the same images, tried in order: a registry behind its mirrors, local sources before a registry. It
 * moves on when one fails, lacks what is requested, or returns wrong bytes. Blobs are verified by `copyBlob`, which
 * takes the single sources: see {@link sourcesOf}.
 */
export class UnionSource implements ImageSource {
  readonly sources: readonly ImageSource[];
  readonly #onEvent: OnEvent;
  /** Whether the next source is tried when one lacks what is requested. */
  readonly #triesNext: boolean;

  /** @param sources at least one */
  constructor(sources: readonly ImageSource[], onEvent: OnEvent = () => {}, triesNext = true) {
    this.sources = sources;
    this.#onEvent = onEvent;
    this.#triesNext = triesNext;
  }

  /** The same sources, of which the first that answers counts: a mirror answers for the registry behind it. */
  firstAnswer(): UnionSource {
    return new UnionSource(this.sources, this.#onEvent, false);
  }

  get origin(): BlobSource['origin'] {
    return this.sources.at(-1)?.origin ?? {};
  }

  async resolve(name: Reference, isOptional = false): Promise<Descriptor | undefined> {
    return this.#first(source => source.resolve(name, isOptional));
  }

  async manifest(descriptor: Descriptor): Promise<RawManifest> {
    const found = await this.#first(source => source.manifest(descriptor));
    return found as RawManifest;
  }

  async referrers(subject: Digest): Promise<readonly Descriptor[]> {
    const found = await this.#first(async source => {
      const referrers = (await source.referrers?.(subject)) ?? [];
      return referrers.length > 0 ? referrers : undefined;
    });
    return found ?? [];
  }

  /** The tags of the last source, which is the registry itself. */
  async tags(): Promise<RepositoryTags | undefined> {
    return this.sources.at(-1)?.tags?.();
  }

  async has(blob: Descriptor): Promise<boolean> {
    return (await this.#first(async source => ((await source.has(blob)) ? true : undefined))) ?? false;
  }

  async read(blob: Descriptor, into: ChunkWriter, wanted: readonly Range[]): Promise<void> {
    await this.#first(async source => {
      await source.read(blob, into, wanted);
      return true;
    });
  }

  /** @returns undefined if the last source that was tried lacks it. @throws the first error, with the others as a note */
  async #first<T>(request: (source: ImageSource) => Promise<T | undefined>): Promise<T | undefined> {
    const candidates = reachable(this.sources);
    const failures: AirgapError[] = [];
    for (const source of candidates) {
      const isLast = source === candidates.at(-1);
      try {
        const found = await request(source);
        if (found !== undefined || isLast || !this.#triesNext) return found;
      } catch (error) {
        if (!canFallBack(error)) throw error;
        failures.push(error);
        if (!isLast) reportFallback(source, error, this.#onEvent);
      }
    }
    throw combineFailures(failures);
  }
}

/** The single sources behind a source, in the order in which they are tried. */
export function sourcesOf(source: ImageSource): readonly ImageSource[] {
  return source instanceof UnionSource ? source.sources.flatMap(sourcesOf) : [source];
}
