import type { Rule, RuleText } from '../rule.ts';
import { alwaysPull } from './always-pull.ts';
import { ambiguousTag } from './ambiguous-tag.ts';
import { contradictingSource } from './contradicting-source.ts';
import { dockerHubEndpoint } from './docker-hub-endpoint.ts';
import { duplicateImage } from './duplicate-image.ts';
import { foreignNamespace } from './foreign-namespace.ts';
import { ignoredVersion } from './ignored-version.ts';
import { imageNotListed } from './image-not-listed.ts';
import { invalidImage } from './invalid-image.ts';
import { latestTag } from './latest-tag.ts';
import { malformedFingerprint } from './malformed-fingerprint.ts';
import { missingPullSecret } from './missing-pull-secret.ts';
import { nameCollision } from './name-collision.ts';
import { notRendered } from './not-rendered.ts';
import { tagAndDigest } from './tag-and-digest.ts';
import { templatedImage } from './templated-image.ts';
import { unknownRegistry } from './unknown-registry.ts';
import { unknownRule } from './unknown-rule.ts';
import { unreadable } from './unreadable.ts';
import { unrewrittenApi } from './unrewritten-api.ts';
import { unusedIgnore } from './unused-ignore.ts';
import { unusedImage } from './unused-image.ts';

/** The rules that look at the specs. A new one is a file in this folder and a line here. */
export const specRules: readonly Rule[] = [
  latestTag,
  alwaysPull,
  unknownRegistry,
  imageNotListed,
  invalidImage,
  unreadable,
  notRendered,
  ambiguousTag,
  contradictingSource,
  dockerHubEndpoint,
  duplicateImage,
  foreignNamespace,
  ignoredVersion,
  malformedFingerprint,
  missingPullSecret,
  nameCollision,
  tagAndDigest,
  templatedImage,
  unrewrittenApi,
  unusedImage,
];

/** Every rule there is. */
export const rules: readonly RuleText[] = [...specRules, unknownRule, unusedIgnore];
