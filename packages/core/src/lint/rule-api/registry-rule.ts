import type { AirgapError } from '../../model/errors.ts';
import type { Answer } from '../../resolve/resolve-all.ts';
import type { ImageRequest } from '../../input/requests.ts';
import type { Found, Rule } from './rule.ts';

/** A rule that looks at what registries say of the images. */
export type AnswerRule = Rule<readonly Answer[]>;

/** A finding for each image that cannot be had for such a reason, in the error's own words. */
export function* failures(
  answers: readonly Answer[],
  isOurs: (error: AirgapError) => boolean,
): Generator<Found> {
  for (const { request, error } of answers) {
    const [position] = request.positions;
    if (!error || !position || !isOurs(error)) continue;
    const { message, hint = '' } = error;
    yield { message: `${request.reference}: ${message}`, hint, position };
  }
}

/** Whether the vendor pushes the image to the Replicated registry. */
export function isPushedToReplicated({ reference }: ImageRequest): boolean {
  return reference.registry === 'registry.replicated.com';
}
