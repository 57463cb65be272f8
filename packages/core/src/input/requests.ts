import { AirgapError } from '../model/errors.ts';
import type { Position } from '../model/position.ts';
import { Reference } from '../reference/reference.ts';
import type { Spec, UsedImage } from './model/spec.ts';
import { type RegistrySettings, toReference } from './references.ts';

/** An image that the bundle must contain, and every position that names it. */
export interface ImageRequest {
  readonly reference: Reference;
  readonly positions: readonly Position[];
}

/**
 * Returns the images that a bundle must contain: the listed images, as Replicated does, or the used images if the input
 * has no list; in both cases with what the user includes, and without what the user excludes. Each image occurs once, in order of first appearance.
 *
 * @throws AirgapError `INPUT` with everything that cannot be located or read, each with its position: a missing image
 * would only be noticed in the air-gapped cluster
 */
export function imageRequests(spec: Spec, locations: RegistrySettings): ImageRequest[] {
  // Charts that are not rendered only use images; with a list, the list alone determines the bundle.
  const unreadable = spec.listed.length > 0 ? spec.parseErrors : [...spec.parseErrors, ...spec.renderErrors];
  if (unreadable.length > 0)
    throw AirgapError.all(unreadable, `${unreadable.length} parts of the input cannot be read`);
  const { requests, errors } = findRequests(spec, locations);
  if (errors.length > 0) throw AirgapError.all(errors, `${errors.length} images cannot be located`);
  if (requests.length === 0) throw noImages(spec);
  return requests;
}

/** Returns the images that can be located, and an error with its position for each one that cannot. */
export function findRequests(
  spec: Spec,
  locations: RegistrySettings,
): { requests: ImageRequest[]; errors: AirgapError[] } {
  const requests = new Map<string, { reference: Reference; positions: Position[] }>();
  const errors: AirgapError[] = [];
  for (const { position, find } of candidates(spec, locations)) {
    try {
      const reference = find();
      if (spec.excluded.matches(reference)) continue;
      const request = requests.get(reference.toString()) ?? { reference, positions: [] };
      request.positions.push(position);
      requests.set(reference.toString(), request);
    } catch (error) {
      if (!(error instanceof AirgapError)) throw error;
      errors.push(error);
    }
  }
  return { requests: [...requests.values()], errors };
}

function candidates({ listed, used }: Spec, locations: RegistrySettings) {
  // With a list, the bundle contains the list, and what the user includes.
  const relevant = used.filter(
    ({ image, isIncluded }) => !image.templated && (listed.length === 0 || isIncluded),
  );
  return [
    ...listed.map(image => ({ position: image.position, find: () => toReference(image, locations) })),
    ...relevant.map(image => ({ position: image.image.position, find: () => usedReference(image) })),
  ];
}

/** Parses the reference of a used image. @throws AirgapError `INPUT` with its position */
export function usedReference({ image }: UsedImage): Reference {
  try {
    return Reference.parse(image.value).canonical();
  } catch (error) {
    throw error instanceof AirgapError ? error.withContext({ position: image.position }) : error;
  }
}

function noImages({ sources, used }: Spec): AirgapError {
  const message = used.length > 0 ? 'all images in the input are templates' : 'no images found in the input';
  return new AirgapError('INPUT', message, {
    where: sources[0] ? { path: sources[0].file } : {},
    hint: 'Add an images: section, or pass the Kubernetes manifests as well.',
  });
}
