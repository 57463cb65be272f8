export { type BuildOptions, type BuildResult, build } from './verbs/build.ts';
export { type Config, parseConfig } from './config/config.ts';
export type { CredentialSource } from './config/credential-source.ts';
export { isLicenseId, licenseCredentials, parseLicense } from './config/license.ts';
export type { ChangedImage, ChangedLayer, PlatformChange, SoleImage } from './diff/image-change.ts';
export type { BlobAmount } from './diff/bundle-contents.ts';
export { type DiffOptions, type DiffResult, type DiffSide, diff } from './verbs/diff.ts';
export {
  AirgapError,
  type AirgapErrorOptions,
  type ErrorCode,
  formatWhere,
  isInterrupted,
  type Where,
} from './model/errors.ts';
export type { AirgapEvent, OnEvent, Phase } from './store/events.ts';
export { type FedImage, type FeedOptions, type FeedResult, feed } from './verbs/load-runtime.ts';
export type { FixedFile, Mended } from './lint/fixes/fixer.ts';
export { type FixOptions, type FixResult, fix } from './verbs/fix.ts';
export type { ProxyOptions } from './http/proxy.ts';
export {
  type FoundImage,
  type ImagesOptions,
  type ImagesResult,
  images,
  type Mention,
  type UnknownPart,
} from './verbs/images.ts';
export {
  type InspectedImage,
  type InspectedLayer,
  type InspectOptions,
  type InspectResult,
  inspect,
} from './verbs/inspect.ts';
export { type Finding, isAtLeast, SEVERITIES, type Severity } from './model/finding.ts';
export type { Grade, RuleGrade } from './lint/rule-api/rule-setting.ts';
export { listingOf } from './lint/rule-api/images-entry.ts';
export type { RuleText } from './lint/rule-api/rule.ts';
export { rules } from './lint/rules/index.ts';
export { type LintOptions, type LintResult, lint, type OnlineOptions } from './verbs/lint.ts';
export {
  type LoadedImage,
  type LoadOptions,
  type LoadResult,
  load,
  ON_EXISTING,
  type OnExisting,
} from './verbs/load.ts';
export { type LoginOptions, type LoginResult, login } from './verbs/login.ts';
export { type LogoutOptions, type LogoutResult, logout } from './verbs/logout.ts';
export { formatPlatform, type Platform, type PlatformChoice, parsePlatform } from './oci/platform.ts';
export type { LeftAlone } from './relocate/skipped.ts';
export type { OutputKind } from './relocate/output-file.ts';
export { type OutputOptions, type Outputs, openOutputs, type WrittenOutputs } from './verbs/outputs.ts';
export { type PlannedImage, type PlanOptions, type PlanResult, plan } from './verbs/plan.ts';
export { formatPosition, type Position } from './model/position.ts';
export { Reference } from './reference/reference.ts';
export { REPLICATED_HOST } from './reference/replicated.ts';
export { NAMINGS, type Naming } from './reference/relocation.ts';
export type { Credentials, CredentialsByHost } from './registry/auth/credential.ts';
export { DEFAULT_CONCURRENCY } from './registry/registries.ts';
export { isRuntimeTarget } from './runtime/target.ts';
export { maskSecrets } from './model/secrets.ts';
export { type ServeOptions, type Serving, serve } from './verbs/serve.ts';
export type { ListenAddress } from './server/listener.ts';
export type { ImagePaths } from './input/formats/image-path.ts';
export type { Locations } from './input/references.ts';
export type { SourceText } from './input/model/source-text.ts';
export { thirdParty } from './input/proxied-registries.ts';
export { unreadable } from './fs/file-read-error.ts';
export type { Problem } from './verify/problem.ts';
export { type VerifyOptions, type VerifyResult, verify } from './verbs/verify.ts';
