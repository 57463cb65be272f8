import { alwaysPullFix } from './always-pull.ts';
import { ambiguousTagFix } from './ambiguous-tag.ts';
import type { Fix } from './fix.ts';
import { ignoredVersionFix } from './ignored-version.ts';
import { imageNotListedFix } from './image-not-listed.ts';
import { latestTagFix } from './latest-tag.ts';

/** All fixes in the order they are applied; each sees the results of the previous ones. */
export const fixes: readonly Fix[] = [
  ignoredVersionFix,
  ambiguousTagFix,
  imageNotListedFix,
  latestTagFix,
  alwaysPullFix,
];
