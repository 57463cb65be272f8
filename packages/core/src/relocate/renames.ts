import { Reference } from '../reference/reference.ts';
import type { RenamedImage } from './renamed-image.ts';

/** New references by image, found by any spelling of the old reference. */
export class Renames {
  readonly #newNames: ReadonlyMap<string, string>;

  constructor(images: readonly RenamedImage[]) {
    this.#newNames = new Map(images.map(({ name, newName }) => [name.toString(), newName.toString()]));
  }

  /**
   * The new reference; undefined for an image that was not loaded.
   *
   * @throws AirgapError `INPUT` for an invalid reference
   */
  of(image: string): string | undefined {
    const reference = Reference.parse(image).canonical();
    // In a bundle, a name with a tag and a digest has only the digest.
    const { digest } = reference;
    const pinned = digest && reference.withDigest(digest);
    return this.#newNames.get(reference.toString()) ?? this.#newNames.get(`${pinned}`);
  }
}
