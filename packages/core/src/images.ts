import { AirgapError } from './errors.ts';
import type { Position } from './position.ts';
import type { Reference } from './reference/reference.ts';
import { type Locations, locate } from './spec/locate.ts';
import { usedReference } from './spec/request.ts';
import { readSources, type SourceText } from './spec/source.ts';
import { parseSpec } from './spec/spec.ts';

export interface ImagesOptions {
  readonly specs: readonly (string | SourceText)[];
  readonly locations?: Locations | undefined;
}

/** An image, and every place that names it. */
export interface FoundImage {
  /** Canonical. */
  readonly reference: string;
  /** Where lists name it. */
  readonly listed: readonly Position[];
  /** Where specs use it. */
  readonly used: readonly Position[];
}

export interface ImagesResult {
  readonly images: readonly FoundImage[];
  /** Images that only a template knows. */
  readonly unknown: readonly { readonly text: string; readonly position: Position }[];
}

/** Finds every image in the specs, listed or used. @throws AirgapError `INPUT`, with all that cannot be located */
export async function images({ specs, locations = {} }: ImagesOptions): Promise<ImagesResult> {
  const spec = parseSpec(await readSources(specs));
  const found = new Map<string, { reference: string; listed: Position[]; used: Position[] }>();
  const errors: AirgapError[] = [];
  const add = (kind: 'listed' | 'used', position: Position, find: () => Reference) => {
    try {
      const reference = find().toString();
      const image = found.get(reference) ?? { reference, listed: [], used: [] };
      image[kind].push(position);
      found.set(reference, image);
    } catch (error) {
      if (!(error instanceof AirgapError)) throw error;
      errors.push(error);
    }
  };
  for (const image of spec.listed) add('listed', image.position, () => locate(image, locations));
  for (const used of spec.used)
    if (!used.image.templated) add('used', used.image.position, () => usedReference(used));
  if (errors.length > 0) throw AirgapError.all(errors, `${errors.length} images cannot be located`);
  const unknown = spec.used
    .filter(({ image }) => image.templated)
    .map(({ image }) => ({ text: image.value, position: image.position }));
  return { images: [...found.values()], unknown };
}
