import pLimit from 'p-limit';
import { AirgapError } from '../model/errors.ts';
import type { Digest } from '../oci/digest.ts';
import { type Manifest, parseManifest, type RawManifest } from '../oci/manifest.ts';
import { cosignTags } from '../oci/referrer.ts';
import type { Reference } from '../reference/reference.ts';
import type { OnEvent } from '../store/events.ts';
import type { ReferrerSource } from '../store/image-source.ts';
import { resolveManifest } from './resolve-image.ts';
import type { ResolvedImage } from './resolved-image.ts';

/** A signature of an SBOM of an image, and no further. */
const MAX_DEPTH = 3;
/** The most that may hang on the images of one repository. */
const MAX_FOUND = 2000;
/** Manifests asked about at once; the registries' own limits come on top. */
const ASKERS = 64;

/**
 * Finds what refers to images and their manifests, as far as the bundle holds them: cosign's tags under their names,
 * OCI referrers under their digests, and what refers to those in turn. What refers only to an index that is left
 * behind stays behind too, and a notice says so.
 *
 * @throws AirgapError `REGISTRY` when there is no end of it, and what the source throws
 */
export async function findReferrers(
  source: ReferrerSource,
  images: readonly ResolvedImage[],
  onEvent: OnEvent = () => {},
): Promise<ResolvedImage[]> {
  const search = new Search(source, images, onEvent);
  let found = images;
  for (let depth = 0; depth < MAX_DEPTH && found.length > 0; depth += 1) found = await search.of(found);
  await search.tellLeftBehind(images);
  return search.found;
}

class Search {
  readonly found: ResolvedImage[] = [];
  readonly #source: ReferrerSource;
  readonly #onEvent: OnEvent;
  readonly #limit = pLimit(ASKERS);
  /** Manifests that were asked about, and names that are in the bundle. */
  readonly #seen: Set<string>;

  constructor(source: ReferrerSource, images: readonly ResolvedImage[], onEvent: OnEvent) {
    this.#source = source;
    this.#onEvent = onEvent;
    this.#seen = new Set(images.map(({ reference }) => reference.toString()));
  }

  /** What refers to any of these, without what is known already. */
  async of(images: readonly ResolvedImage[]): Promise<ResolvedImage[]> {
    const subjects = images.flatMap(({ reference, manifests }) =>
      manifests
        .filter(({ digest }) => this.#isNew(`${reference.name} ${digest}`))
        .map(({ digest }) => ({ reference, digest })),
    );
    const lists = await Promise.all(
      subjects.map(({ reference, digest }) => this.#limit(() => this.#about(reference, digest))),
    );
    const fresh = lists.flat().filter(({ reference }) => this.#isNew(reference.toString()));
    this.found.push(...fresh);
    if (this.found.length > MAX_FOUND) throw endless();
    return fresh;
  }

  /** Says when there are signatures of an index of which only a part was chosen. */
  async tellLeftBehind(images: readonly ResolvedImage[]): Promise<void> {
    const parts = images.filter(({ root, resolved }) => root.digest !== resolved);
    const tell = async ({ reference, resolved }: ResolvedImage) => {
      const tagged = await this.#tagged(reference, resolved);
      const left = tagged.length + (await this.#source.referrers(reference, resolved)).length;
      if (left === 0) return;
      const message = `${reference}: ${left} that refer to its whole index ${resolved} stay behind, as only a part of it is taken; --platform all takes both`;
      this.#onEvent({ type: 'notice', message });
    };
    await Promise.all(parts.map(image => this.#limit(tell, image)));
  }

  async #about(reference: Reference, subject: Digest): Promise<ResolvedImage[]> {
    const [tagged, listed] = await Promise.all([
      this.#tagged(reference, subject),
      this.#source.referrers(reference, subject),
    ]);
    const found = [
      ...tagged.map(({ name, raw }) => this.#resolve(name, raw, subject)),
      ...listed.map(({ digest }) => this.#referrer(reference.withDigest(digest), subject)),
    ];
    return (await Promise.all(found)).flat();
  }

  async #tagged(reference: Reference, subject: Digest) {
    const names = cosignTags(subject).map(tag => reference.withTag(tag));
    const found = await Promise.all(names.map(async name => ({ name, raw: await this.#source.find(name) })));
    return found.flatMap(({ name, raw }) => (raw ? [{ name, raw }] : []));
  }

  /** A list may be older than what it lists, and need not be true. */
  async #referrer(name: Reference, subject: Digest): Promise<ResolvedImage[]> {
    const raw = await this.#source.find(name);
    if (raw === undefined) return this.#passOver(name, 'it is listed, and not there');
    return this.#resolve(name, raw, subject, manifest => manifest.subject?.digest === subject);
  }

  async #resolve(
    name: Reference,
    raw: RawManifest,
    subject: Digest,
    isMeant: (manifest: Manifest) => boolean = () => true,
  ): Promise<ResolvedImage[]> {
    try {
      if (!isMeant(parseManifest(raw))) return this.#passOver(name, 'it refers to something else');
      return [{ ...(await resolveManifest(this.#source, name, raw, 'all')), subject }];
    } catch (error) {
      if (error instanceof AirgapError && error.code === 'UNSUPPORTED')
        return this.#passOver(name, error.message);
      throw error;
    }
  }

  #passOver(name: Reference, reason: string): [] {
    this.#onEvent({ type: 'notice', message: `${name} stays behind: ${reason}` });
    return [];
  }

  #isNew(key: string): boolean {
    const { size } = this.#seen;
    return this.#seen.add(key).size > size;
  }
}

function endless(): AirgapError {
  return new AirgapError('REGISTRY', `more than ${MAX_FOUND} manifests refer to the images`, {
    hint: 'Remove those that nobody needs from the registries, or build without --referrers.',
  });
}
