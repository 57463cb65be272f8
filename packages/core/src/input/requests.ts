import { AirgapError } from '../model/errors.ts';
import type { Position } from '../model/position.ts';
import { Reference } from '../reference/reference.ts';
import type { Spec, UsedImage } from './model/spec.ts';
import { type RegistrySettings, toReference } from './references.ts';

/** An image that the bundle has to hold, and the places that ask for it. */
export interface ImageRequest {
  readonly reference: Reference;
  readonly positions: readonly Position[];
}

/**
 * What a bundle has to hold: the listed images, as Replicated does it, or those that the specs use when the input
 * has no list. Each once, in the order of their first appearance.
 *
 * @throws AirgapError `INPUT` with everything that cannot be located or read, each at its line: a bundle that silently
 * lacks an image is found out only behind the gap
 */
export function imageRequests(spec: Spec, locations: RegistrySettings): ImageRequest[] {
  // What is not rendered only uses images, and a list says already what the bundle holds.
  const unknown = spec.listed.length > 0 ? spec.parseErrors : [...spec.parseErrors, ...spec.renderErrors];
  if (unknown.length > 0)
    throw AirgapError.all(unknown, `${unknown.length} parts of the specs cannot be read`);
  const { requests, errors } = findRequests(spec, locations);
  if (errors.length > 0) throw AirgapError.all(errors, `${errors.length} images cannot be located`);
  if (requests.length === 0) throw noImages(spec);
  return requests;
}

/** As much of the same as can be read and located; the errors are for the rest, each at its line. */
export function findRequests(
  spec: Spec,
  locations: RegistrySettings,
): { requests: ImageRequest[]; errors: AirgapError[] } {
  const requests = new Map<string, { reference: Reference; positions: Position[] }>();
  const errors: AirgapError[] = [];
  for (const { position, find } of wantedOf(spec, locations)) {
    try {
      const reference = find();
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

function wantedOf({ listed, used }: Spec, locations: RegistrySettings) {
  if (listed.length > 0)
    return listed.map(image => ({ position: image.position, find: () => toReference(image, locations) }));
  return used
    .filter(({ image }) => !image.templated)
    .map(one => ({ position: one.image.position, find: () => usedReference(one) }));
}

/** The reference of an image as a container writes it. @throws AirgapError `INPUT` at its line */
export function usedReference({ image }: UsedImage): Reference {
  try {
    return Reference.parse(image.value).canonical();
  } catch (error) {
    throw error instanceof AirgapError ? error.withContext({ position: image.position }) : error;
  }
}

function noImages({ sources, used }: Spec): AirgapError {
  const message =
    used.length > 0 ? 'the specs name images only through templates' : 'the specs name no images';
  return new AirgapError('INPUT', message, {
    where: sources[0] ? { path: sources[0].file } : {},
    hint: 'Add an images: section, or name the Kubernetes manifests as well.',
  });
}
