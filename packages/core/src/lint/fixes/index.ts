import { alwaysPullFix } from './always-pull.ts';
import { ambiguousTagFix } from './ambiguous-tag.ts';
import type { Fix } from './fix.ts';
import { ignoredVersionFix } from './ignored-version.ts';
import { imageNotListedFix } from './image-not-listed.ts';
import { latestTagFix } from './latest-tag.ts';

/** Every fix there is, in the order in which they are made: each sees what those before it have done. */
export const fixes: readonly Fix[] = [
  ignoredVersionFix,
  ambiguousTagFix,
  imageNotListedFix,
  latestTagFix,
  alwaysPullFix,
];
