import { readSpec, type SpecOptions } from '../input/read-input.ts';
import { reasonOfListed, reasonOfUsed } from '../input/reason.ts';
import { type RegistrySettings, toReference } from '../input/references.ts';
import { usedReference } from '../input/requests.ts';
import { AirgapError } from '../model/errors.ts';
import type { Position } from '../model/position.ts';
import type { Reference } from '../reference/reference.ts';

export interface ImagesOptions extends SpecOptions {
  readonly locations?: RegistrySettings | undefined;
}

/** A place that names an image, and what it is, for example `container web of Deployment shop`. */
export interface Mention extends Position {
  readonly reason: string;
}

/** An image, and every place that names it. */
export interface FoundImage {
  /** Canonical. */
  readonly reference: string;
  /** Where lists name it. */
  readonly listed: readonly Mention[];
  /** Where specs use it. */
  readonly used: readonly Mention[];
}

/** A part of the input whose images are not known. */
export interface UnknownPart {
  readonly message: string;
  readonly hint: string | undefined;
  readonly position: Position | undefined;
}

export interface ImagesResult {
  /** Each once, in the order of the first mention, lists first. */
  readonly images: readonly FoundImage[];
  /** Images that only a template knows. */
  readonly unknown: readonly { readonly text: string; readonly position: Position }[];
  /** What could not be read, and what is named there but cannot be located. */
  readonly unread: readonly UnknownPart[];
  /** Charts and kustomizations that could not be rendered. */
  readonly unrendered: readonly UnknownPart[];
}

/** Finds every image in the specs, listed or used. @throws AirgapError `INPUT` for a file that cannot be read */
export async function images(options: ImagesOptions): Promise<ImagesResult> {
  const { locations = {} } = options;
  const spec = await readSpec(options);
  const found = new Map<string, { reference: string; listed: Mention[]; used: Mention[] }>();
  const errors: AirgapError[] = [];
  const add = (kind: 'listed' | 'used', mention: Mention, find: () => Reference) => {
    try {
      const reference = find().toString();
      const image = found.get(reference) ?? { reference, listed: [], used: [] };
      image[kind].push(mention);
      found.set(reference, image);
    } catch (error) {
      if (!(error instanceof AirgapError)) throw error;
      errors.push(error);
    }
  };
  for (const image of spec.listed)
    add('listed', { ...image.position, reason: reasonOfListed(image) }, () => toReference(image, locations));
  for (const used of spec.used)
    if (!used.image.templated)
      add('used', { ...used.image.position, reason: reasonOfUsed(used) }, () => usedReference(used));
  const unknown = spec.used
    .filter(({ image }) => image.templated)
    .map(({ image }) => ({ text: image.value, position: image.position }));
  return {
    images: [...found.values()],
    unknown,
    unread: [...spec.parseErrors, ...errors].map(partOf),
    unrendered: spec.renderErrors.map(partOf),
  };
}

function partOf({ message, hint, where }: AirgapError): UnknownPart {
  return { message, hint, position: where.position };
}
