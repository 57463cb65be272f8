import { formatPosition } from '../../model/position.ts';
import type { Fix } from './fix.ts';
import { setPullPolicy } from './pull-policy.ts';

/** Changes `imagePullPolicy: Always` to `IfNotPresent`. */
export const alwaysPullFix: Fix = {
  id: 'always-pull',
  *edits(context) {
    const found = new Set(context.findings.map(({ position }) => formatPosition(position)));
    for (const used of context.spec.used) {
      const isFound = used.pullPolicies.some(({ position }) => found.has(formatPosition(position)));
      if (isFound) yield* setPullPolicy(context, used);
    }
  },
};
