import type { ImageRequest } from '../../input/requests.ts';
import type { AirgapError } from '../../model/errors.ts';
import { isReplicatedHost, type ReplicatedDomains } from '../../reference/replicated.ts';
import type { Resolution } from '../../resolve/resolve-all.ts';
import type { RawFinding, Rule } from './rule.ts';

/** The images as resolved by their registries. */
export interface ResolvedInput {
  readonly resolutions: readonly Resolution<ImageRequest>[];
  readonly domains: ReplicatedDomains;
}

/** A rule that checks the images as resolved by their registries. */
export type RegistryRule = Rule<ResolvedInput>;

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
export function isPushedToReplicated({ reference }: ImageRequest, domains: ReplicatedDomains): boolean {
  return isReplicatedHost(reference.registry, domains);
}
