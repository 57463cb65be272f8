import type { UsedImage } from '../../input/model/spec.ts';
import type { Fix } from './fix.ts';
import { setPullPolicy } from './pull-policy.ts';

/** Containers of a `latest` image get `imagePullPolicy: IfNotPresent`. */
export const latestTagFix: Fix = {
  id: 'latest-tag',
  *edits(subject) {
    for (const { position } of subject.findings) {
      for (const used of subject.usesAt(position)) {
        if (!isSafe(used)) yield* setPullPolicy(subject, used);
      }
    }
  },
};

/** Of the containers that an alias brings to one place, some may be safe already. */
function isSafe({ pullPolicies }: UsedImage): boolean {
  return pullPolicies.some(({ value }) => value === 'IfNotPresent' || value === 'Never');
}
