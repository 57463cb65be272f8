import type { Rule } from '../rule.ts';
import { alwaysPull } from './always-pull.ts';
import { imageNotListed } from './image-not-listed.ts';
import { invalidImage } from './invalid-image.ts';
import { latestTag } from './latest-tag.ts';
import { notRendered } from './not-rendered.ts';
import { unknownRegistry } from './unknown-registry.ts';
import { unreadable } from './unreadable.ts';

/** Every rule there is. A new one is a file in this folder and a line here. */
export const rules: readonly Rule[] = [
  latestTag,
  alwaysPull,
  unknownRegistry,
  imageNotListed,
  invalidImage,
  unreadable,
  notRendered,
];
