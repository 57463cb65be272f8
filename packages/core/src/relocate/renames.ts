import { Reference } from '../reference/reference.ts';
import type { RenamedImage } from './renamed-image.ts';

/** The new name of each image, asked for as people write the old one. */
export class Renames {
  readonly #newNames: ReadonlyMap<string, string>;

  constructor(images: readonly RenamedImage[]) {
    this.#newNames = new Map(images.map(({ name, newName }) => [name.toString(), newName.toString()]));
  }

  /** @returns nothing for an image that was not loaded. @throws AirgapError `INPUT` for what is no reference */
  of(image: string): string | undefined {
    const reference = Reference.parse(image).canonical();
    // A bundle keeps a name with a tag and a digest under its digest.
    const { digest } = reference;
    const pinned = digest && reference.withDigest(digest);
    return this.#newNames.get(reference.toString()) ?? this.#newNames.get(`${pinned}`);
  }
}
