import { Reference } from '../reference/reference.ts';
import { REPLICATED_HOST } from '../reference/replicated.ts';
import type { ListedImage, Spec, UsedImage } from '../spec/image.ts';
import { type Locations, locate } from '../spec/locate.ts';

/** The specs as the rules look at them: what is listed, what is used, and which is which. */
export class Matching {
  readonly spec: Spec;
  readonly locations: Locations;
  readonly #used = new Map<UsedImage, Reference | undefined>();
  readonly #listed = new Map<ListedImage, (used: Reference) => boolean>();

  constructor(spec: Spec, locations: Locations) {
    this.spec = spec;
    this.locations = locations;
    for (const used of spec.used) this.#used.set(used, parsed(used));
    for (const image of spec.listed) this.#listed.set(image, matcher(image, locations));
  }

  /** What a container's image means; nothing for a template or an invalid name. */
  reference(used: UsedImage): Reference | undefined {
    return this.#used.get(used);
  }

  /** The containers that use a listed image. */
  usesOf(image: ListedImage): UsedImage[] {
    const matches = this.#listed.get(image);
    return this.spec.used.filter(used => {
      const reference = this.reference(used);
      return reference !== undefined && matches?.(reference);
    });
  }

  /** Says whether any list has what a container uses. */
  isListed(used: UsedImage): boolean {
    const reference = this.reference(used);
    return reference !== undefined && this.spec.listed.some(image => this.#listed.get(image)?.(reference));
  }
}

/** The tag a listed image is pulled by; nothing when it is pinned by digest only, or is no image name. */
export function listedTag(image: ListedImage): string | undefined {
  const text = image.form === 'list' ? image.name : `${image.name}:${image.tag ?? 'latest'}`;
  try {
    return Reference.parse(text).effectiveTag;
  } catch {
    return undefined;
  }
}

function parsed({ image }: UsedImage): Reference | undefined {
  if (image.templated) return undefined;
  try {
    return Reference.parse(image.value).canonical();
  } catch {
    return undefined;
  }
}

/** An image that cannot be located yet is matched by what is known of it: its name and its tag. */
function matcher(image: ListedImage, locations: Locations): (used: Reference) => boolean {
  try {
    const text = locate(image, locations).toString();
    return used => used.toString() === text;
  } catch {
    const end = `/${image.name}:${listedTag(image)}`;
    return used =>
      used.toString().endsWith(end) && (image.source !== 'replicated' || used.registry === REPLICATED_HOST);
  }
}
