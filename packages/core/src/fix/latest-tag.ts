import type { Fix } from './fix.ts';
import { setPullPolicy } from './pull-policy.ts';

/** Containers of a `latest` image get `imagePullPolicy: IfNotPresent`. */
export const latestTagFix: Fix = {
  id: 'latest-tag',
  *edits(subject) {
    for (const { position } of subject.findings) {
      for (const used of subject.usesAt(position)) {
        if (isUnsafe(used.pullPolicy?.value)) yield* setPullPolicy(subject, used);
      }
    }
  },
};

/** Of the containers that an alias brings to one place, some may be safe already. */
function isUnsafe(policy: string | undefined): boolean {
  return policy !== 'IfNotPresent' && policy !== 'Never';
}
