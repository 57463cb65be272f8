import type { ImageRequest } from '../../input/requests.ts';
import type { AirgapError } from '../../model/errors.ts';
import type { Resolution } from '../../resolve/resolve-all.ts';
import type { RawFinding, Rule } from './rule.ts';

/** A rule that checks the images as resolved by their registries. */
export type RegistryRule = Rule<readonly Resolution<ImageRequest>[]>;

/** Yields a finding with the error's message for each image that failed to resolve with a matching error. */
export function* failures(
  resolutions: readonly Resolution<ImageRequest>[],
  matches: (error: AirgapError) => boolean,
): Generator<RawFinding> {
  for (const { request, error } of resolutions) {
    const [position] = request.positions;
    if (!error || !position || !matches(error)) continue;
    const { message, hint = '' } = error;
    yield { message: `${request.reference}: ${message}`, hint, position };
  }
}

/** Returns whether the vendor pushes the image to the Replicated registry. */
export function isPushedToReplicated({ reference }: ImageRequest): boolean {
  return reference.registry === 'registry.replicated.com';
}
