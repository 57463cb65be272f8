import { formatPosition } from '../position.ts';
import type { Fix } from './fix.ts';
import { setPullPolicy } from './pull-policy.ts';

/** `imagePullPolicy: Always` becomes `IfNotPresent`. */
export const alwaysPullFix: Fix = {
  id: 'always-pull',
  *edits(subject) {
    const found = new Set(subject.findings.map(({ position }) => formatPosition(position)));
    for (const used of subject.spec.used) {
      const { pullPolicy } = used;
      if (pullPolicy && found.has(formatPosition(pullPolicy.position))) yield* setPullPolicy(subject, used);
    }
  },
};
