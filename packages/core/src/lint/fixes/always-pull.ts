import { formatPosition } from '../../model/position.ts';
import type { Fix } from './fix.ts';
import { setPullPolicy } from './pull-policy.ts';

/** `imagePullPolicy: Always` becomes `IfNotPresent`. */
export const alwaysPullFix: Fix = {
  id: 'always-pull',
  *edits(subject) {
    const found = new Set(subject.findings.map(({ position }) => formatPosition(position)));
    for (const used of subject.spec.used) {
      const isFound = used.pullPolicies.some(({ position }) => found.has(formatPosition(position)));
      if (isFound) yield* setPullPolicy(subject, used);
    }
  },
};
