import { Reference } from '../reference/reference.ts';
import { proxiedImage, type ReplicatedDomains, withoutDomain } from '../reference/replicated.ts';
import type { RenamedImage } from './renamed-image.ts';

/**
 * New references by image, found by any spelling of the old reference, by its name at Replicated's proxy, and by either
 * domain of the Replicated registry.
 */
export class Renames {
  readonly #domains: ReplicatedDomains;
  readonly #newNames: ReadonlyMap<string, string>;

  constructor(images: readonly RenamedImage[], domains: ReplicatedDomains = {}) {
    this.#domains = domains;
    this.#newNames = new Map(
      images.map(({ name, newName }) => [withoutDomain(name, domains).toString(), newName.toString()]),
    );
  }

  /**
   * The new reference; undefined for an image that was not loaded.
   *
   * @throws AirgapError `INPUT` for an invalid reference
   */
  of(image: string): string | undefined {
    const reference = Reference.parse(image).canonical();
    const proxied = proxiedImage(reference, this.#domains)?.canonical();
    return this.#newName(reference) ?? (proxied && this.#newName(proxied));
  }

  #newName(written: Reference): string | undefined {
    const reference = withoutDomain(written, this.#domains);
    // In a bundle, a name with a tag and a digest has only the digest.
    const { digest } = reference;
    const pinned = digest && reference.withDigest(digest);
    return this.#newNames.get(reference.toString()) ?? this.#newNames.get(`${pinned}`);
  }
}
