import pLimit from 'p-limit';
import { AirgapError } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { type Manifest, parseManifest, type RawManifest } from '../oci/manifest.ts';
import { cosignTags } from '../oci/referrer.ts';
import type { Reference } from '../reference/reference.ts';
import type { OnEvent } from '../store/events.ts';
import type { ImageSource, SourceOf } from '../store/image-source.ts';
import { resolveManifest } from './resolve-image.ts';
import type { ResolvedImage } from './resolved-image.ts';

/** The maximum depth, for example a signature of an SBOM of an image. */
const MAX_DEPTH = 3;
/** The limit of referrers. */
const MAX_FOUND = 2000;
/** Concurrent queries; the limits per host apply in addition. */
const CONCURRENCY = 64;

/**
 * Finds the referrers of images and of their manifests in the bundle: cosign tags, OCI referrers, and their referrers
 * in turn. Referrers of an index that is not in the bundle are skipped with a notice.
 *
 * @throws AirgapError `REGISTRY` for too many referrers, and the errors of the source
 */
export async function findReferrers(
  sourceOf: SourceOf,
  images: readonly ResolvedImage[],
  onEvent: OnEvent = () => {},
): Promise<ResolvedImage[]> {
  const search = new Search(sourceOf, images, onEvent);
  let subjects = images;
  for (let depth = 0; depth < MAX_DEPTH && subjects.length > 0; depth += 1)
    subjects = await search.referrersOf(subjects);
  await search.reportSkipped(images);
  return search.found;
}

/** A manifest that a name points to, and the source that it was read from. */
interface FoundManifest {
  readonly name: Reference;
  readonly source: ImageSource;
  readonly raw: RawManifest;
}

class Search {
  readonly found: ResolvedImage[] = [];
  readonly #sourceOf: SourceOf;
  readonly #onEvent: OnEvent;
  readonly #limit = pLimit(CONCURRENCY);
  /** Manifests that were queried, and names that are in the bundle. */
  readonly #seen: Set<string>;

  constructor(sourceOf: SourceOf, images: readonly ResolvedImage[], onEvent: OnEvent) {
    this.#sourceOf = sourceOf;
    this.#onEvent = onEvent;
    this.#seen = new Set(images.map(({ reference }) => reference.toString()));
  }

  /** Returns the referrers of these images that have not been found before. */
  async referrersOf(images: readonly ResolvedImage[]): Promise<ResolvedImage[]> {
    const subjects = images.flatMap(({ reference, manifests }) =>
      manifests
        .filter(({ digest }) => this.#isNew(`${reference.name} ${digest}`))
        .map(({ digest }) => ({ reference, digest })),
    );
    const lists = await Promise.all(
      subjects.map(({ reference, digest }) => this.#limit(() => this.#find(reference, digest))),
    );
    const added = lists.flat().filter(({ reference }) => this.#isNew(reference.toString()));
    this.found.push(...added);
    if (this.found.length > MAX_FOUND) throw tooMany();
    return added;
  }

  /** Reports the referrers of indexes of which only some platforms are in the bundle. */
  async reportSkipped(images: readonly ResolvedImage[]): Promise<void> {
    const partial = images.filter(({ root, resolved }) => root.digest !== resolved);
    const report = async ({ reference, resolved }: ResolvedImage) => {
      const tagged = await this.#tagged(reference, resolved);
      const listed = await this.#listed(reference, resolved);
      const count = tagged.length + listed.length;
      if (count === 0) return;
      const message = `${reference}: skipped ${count} referrers of its index ${resolved}, as the bundle has only some of its platforms; use --platform all to include them`;
      this.#onEvent({ type: 'notice', message });
    };
    await Promise.all(partial.map(image => this.#limit(report, image)));
  }

  async #find(reference: Reference, subject: Digest): Promise<ResolvedImage[]> {
    const [tagged, listed] = await Promise.all([
      this.#tagged(reference, subject),
      this.#listed(reference, subject),
    ]);
    const found = [
      ...tagged.map(found => this.#resolve(found, subject)),
      ...listed.map(({ digest }) => this.#referrer(reference.withDigest(digest), subject)),
    ];
    return (await Promise.all(found)).flat();
  }

  async #listed(reference: Reference, subject: Digest): Promise<readonly Descriptor[]> {
    return (await this.#sourceOf(reference).referrers?.(subject)) ?? [];
  }

  async #tagged(reference: Reference, subject: Digest): Promise<FoundManifest[]> {
    const names = cosignTags(subject).map(tag => reference.withTag(tag));
    const found = await Promise.all(names.map(name => this.#lookUp(name)));
    return found.flatMap(manifest => manifest ?? []);
  }

  /** Reads a listed referrer. Lists can be outdated or wrong. */
  async #referrer(name: Reference, subject: Digest): Promise<ResolvedImage[]> {
    const found = await this.#lookUp(name);
    if (found === undefined) return this.#skip(name, 'it is listed as a referrer, but missing');
    return this.#resolve(found, subject, manifest => manifest.subject?.digest === subject);
  }

  /** Reads the manifest of a name that may not exist. */
  async #lookUp(name: Reference): Promise<FoundManifest | undefined> {
    const source = this.#sourceOf(name);
    const descriptor = await source.resolve(name, true);
    return descriptor && { name, source, raw: await source.manifest(descriptor) };
  }

  async #resolve(
    { name, source, raw }: FoundManifest,
    subject: Digest,
    isReferrer: (manifest: Manifest) => boolean = () => true,
  ): Promise<ResolvedImage[]> {
    try {
      if (!isReferrer(parseManifest(raw))) return this.#skip(name, 'its subject is another manifest');
      return [{ ...(await resolveManifest(source, name, raw, 'all')), subject }];
    } catch (error) {
      if (error instanceof AirgapError && error.code === 'UNSUPPORTED')
        return this.#skip(name, error.message);
      throw error;
    }
  }

  #skip(name: Reference, reason: string): [] {
    this.#onEvent({ type: 'notice', message: `skipped ${name}: ${reason}` });
    return [];
  }

  #isNew(key: string): boolean {
    const { size } = this.#seen;
    return this.#seen.add(key).size > size;
  }
}

function tooMany(): AirgapError {
  return new AirgapError('REGISTRY', `the images have more than ${MAX_FOUND} referrers`, {
    hint: 'Remove unneeded referrers from the registries, or build without --referrers.',
  });
}
