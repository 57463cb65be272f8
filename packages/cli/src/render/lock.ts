import type { LockChange, LockResult } from '@airgap/core';
import { count } from './count.ts';
import { printable } from './printable.ts';

/** Renders a lock that was written or checked: each change, then the path and the number of images. */
export function renderLock({ path, images, changes }: LockResult, isCheck: boolean): string {
  const lines = changes.map(change => `${printable(describe(change))}\n`).join('');
  const outcome = changes.length === 0 ? 'up to date' : count(changes.length, 'change');
  const verdict = isCheck && changes.length > 0 ? `differs: ${outcome}` : outcome;
  return `${lines}${printable(path)}: ${count(images.length, 'image')}, ${verdict}\n`;
}

function describe({ kind, image = '', old, new: current }: LockChange): string {
  switch (kind) {
    case 'added':
      return `${image}: not in the lock, the registry has ${current}`;
    case 'removed':
      return `${image}: locked ${old}, not in the input`;
    case 'moved':
      return `${image}: locked ${old}, the registry has ${current}`;
    case 'gone':
      return `${image}: locked ${old}, the registry no longer has this name`;
    case 'referrers':
      return `${image}: locked referrers ${old || 'none'}, the registry has ${current || 'none'}`;
    case 'platforms':
      return `${image ? `${image}: ` : ''}platforms: locked ${old}, chosen ${current}`;
  }
}
