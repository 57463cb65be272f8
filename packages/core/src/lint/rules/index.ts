import type { RegistryRule } from '../rule-api/registry-rule.ts';
import type { Rule, RuleText } from '../rule-api/rule.ts';
import { alwaysPull } from './always-pull.ts';
import { ambiguousTag } from './ambiguous-tag.ts';
import { contradictingSource } from './contradicting-source.ts';
import { dockerHubEndpoint } from './docker-hub-endpoint.ts';
import { duplicateImage } from './duplicate-image.ts';
import { endpointPath } from './endpoint-path.ts';
import { foreignNamespace } from './foreign-namespace.ts';
import { ignoredVersion } from './ignored-version.ts';
import { imageNotListed } from './image-not-listed.ts';
import { inputNote } from './input-note.ts';
import { invalidImage } from './invalid-image.ts';
import { largeLayer } from './large-layer.ts';
import { latestTag } from './latest-tag.ts';
import { malformedFingerprint } from './malformed-fingerprint.ts';
import { missingPlatform } from './missing-platform.ts';
import { missingPullSecret } from './missing-pull-secret.ts';
import { nameCollision } from './name-collision.ts';
import { noImages } from './no-images.ts';
import { notAnswered } from './not-answered.ts';
import { notRendered } from './not-rendered.ts';
import { oldConfigType } from './old-config-type.ts';
import { refusedAttestation } from './refused-attestation.ts';
import { tagAndDigest } from './tag-and-digest.ts';
import { tagNotFound } from './tag-not-found.ts';
import { templatedImage } from './templated-image.ts';
import { unknownRegistry } from './unknown-registry.ts';
import { unknownRule } from './unknown-rule.ts';
import { unreadImage } from './unread-image.ts';
import { unreadable } from './unreadable.ts';
import { unrewrittenApi } from './unrewritten-api.ts';
import { unsupportedManifest } from './unsupported-manifest.ts';
import { unusedIgnore } from './unused-ignore.ts';
import { unusedImage } from './unused-image.ts';

/** The rules that check the input. To add one, add a file to this folder and a line here. */
export const specRules: readonly Rule[] = [
  latestTag,
  alwaysPull,
  unknownRegistry,
  imageNotListed,
  inputNote,
  invalidImage,
  unreadable,
  notRendered,
  ambiguousTag,
  contradictingSource,
  dockerHubEndpoint,
  duplicateImage,
  endpointPath,
  foreignNamespace,
  ignoredVersion,
  malformedFingerprint,
  missingPullSecret,
  nameCollision,
  noImages,
  tagAndDigest,
  templatedImage,
  unreadImage,
  unrewrittenApi,
  unusedImage,
];

/** The rules that check the images as resolved by their registries. */
export const registryRules: readonly RegistryRule[] = [
  tagNotFound,
  missingPlatform,
  unsupportedManifest,
  notAnswered,
  refusedAttestation,
  largeLayer,
  oldConfigType,
];

/** All rules. */
export const rules: readonly RuleText[] = [...specRules, ...registryRules, unknownRule, unusedIgnore];
