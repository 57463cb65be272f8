import type { ImageRequest } from '../../input/requests.ts';
import type { AirgapError } from '../../model/errors.ts';
import type { Resolution } from '../../resolve/resolve-all.ts';
import type { RawFinding, Rule } from './rule.ts';

/** A rule that looks at what registries say of the images. */
export type AnswerRule = Rule<readonly Resolution<ImageRequest>[]>;

/** A finding for each image that cannot be had for such a reason, in the error's own words. */
export function* failures(
  answers: readonly Resolution<ImageRequest>[],
  isOurs: (error: AirgapError) => boolean,
): Generator<RawFinding> {
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
