import type { Layout } from '../layout/layout.ts';
import { rethrow, walkManifests } from '../layout/walk.ts';
import { parseJson } from '../model/parse-json.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { descriptorOf, type Index, isAttestation, type Manifest, type RawManifest } from '../oci/manifest.ts';

/** An image with attestations, and what it is without them. */
export interface AttestedImage {
  /** The digests of the indexes and attestations that a registry without support for them rejects. */
  readonly refused: ReadonlySet<Digest>;
  /** The number of attestations. */
  readonly attestations: number;
  /** What remains: the only image itself, or a new index; undefined if nothing does. */
  readonly rest: { readonly root: Descriptor; readonly added: readonly RawManifest[] } | undefined;
}

/**
 * Looks for the attestations of an image, which docker buildx adds to its index.
 *
 * @returns undefined for an image without attestations
 * @throws AirgapError `BUNDLE`, `CONTENT`
 */
export async function findAttestations(layout: Layout, root: Descriptor): Promise<AttestedImage | undefined> {
  const manifests = new Map<Digest, Manifest>();
  for await (const { descriptor, manifest } of walkManifests(layout, root, rethrow))
    manifests.set(descriptor.digest, manifest);
  const refused = new Set<Digest>();
  const attestations = new Set<Digest>();
  for (const [digest, manifest] of manifests) {
    const found = manifest.kind === 'index' ? manifest.manifests.filter(isAttestation) : [];
    if (found.length > 0) refused.add(digest);
    for (const attestation of found) attestations.add(attestation.digest);
  }
  if (attestations.size === 0) return undefined;
  const removal = new Removal(layout, manifests);
  const rest = await removal.from(root);
  return {
    refused: new Set([...refused, ...attestations]),
    attestations: attestations.size,
    rest: rest && { root: rest, added: removal.added },
  };
}

/** Makes new indexes without attestations. */
class Removal {
  readonly added: RawManifest[] = [];
  readonly #layout: Layout;
  readonly #manifests: ReadonlyMap<Digest, Manifest>;

  constructor(layout: Layout, manifests: ReadonlyMap<Digest, Manifest>) {
    this.#layout = layout;
    this.#manifests = manifests;
  }

  /** @returns the same descriptor if nothing below it changes, undefined if nothing is left */
  async from(descriptor: Descriptor): Promise<Descriptor | undefined> {
    const manifest = this.#manifests.get(descriptor.digest);
    if (manifest?.kind !== 'index') return descriptor;
    const kept: Descriptor[] = [];
    for (const entry of manifest.manifests) {
      const rest = isAttestation(entry) ? undefined : await this.from(entry);
      if (rest) kept.push(rest);
    }
    if (isSame(kept, manifest)) return descriptor;
    const [first] = kept;
    return kept.length <= 1 ? first : this.#replace(descriptor, kept);
  }

  /** Everything else in the index stays as it is. */
  async #replace(descriptor: Descriptor, manifests: readonly Descriptor[]): Promise<Descriptor> {
    const { bytes, mediaType } = await this.#layout.manifest(descriptor);
    const document = Object.assign({}, parseJson(bytes), { manifests });
    const replaced = Buffer.from(JSON.stringify(document));
    const raw = { mediaType, digest: digestOf(replaced), bytes: replaced };
    this.added.push(raw);
    return { ...descriptor, ...descriptorOf(raw) };
  }
}

function isSame(kept: readonly Descriptor[], { manifests }: Index): boolean {
  return kept.length === manifests.length && kept.every(({ digest }, at) => digest === manifests[at]?.digest);
}
