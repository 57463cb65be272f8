import type { UsedImage } from '../../input/model/spec.ts';
import type { Fix } from './fix.ts';
import { setPullPolicy } from './pull-policy.ts';

/** Sets `imagePullPolicy: IfNotPresent` on containers with a `latest` image. */
export const latestTagFix: Fix = {
  id: 'latest-tag',
  *edits(context) {
    for (const { position } of context.findings) {
      for (const used of context.usesAt(position)) {
        if (!isSafe(used)) yield* setPullPolicy(context, used);
      }
    }
  },
};

/** Containers that share a position through an alias may already have a safe policy. */
function isSafe({ pullPolicies }: UsedImage): boolean {
  return pullPolicies.some(({ value }) => value === 'IfNotPresent' || value === 'Never');
}
