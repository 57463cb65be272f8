export { type BuildOptions, type BuildResult, build } from './build.ts';
export { type Config, parseConfig } from './config/config.ts';
export type { CredentialSource } from './config/credential-source.ts';
export { isLicenseId, licenseCredentials, parseLicense } from './config/license.ts';
export type { ChangedImage, ChangedLayer, PlatformChange, SoleImage } from './diff/image-change.ts';
export type { BlobAmount } from './diff/side.ts';
export { type DiffOptions, type DiffResult, type DiffSide, diff } from './diff.ts';
export {
  AirgapError,
  type AirgapErrorOptions,
  type ErrorCode,
  formatWhere,
  isInterrupted,
  type Where,
} from './errors.ts';
export type { AirgapEvent, OnEvent, Phase } from './events.ts';
export { type FedImage, type FeedOptions, type FeedResult, feed } from './feed.ts';
export type { FixedFile, Mended } from './fix/work.ts';
export { type FixOptions, type FixResult, fix } from './fix.ts';
export type { ProxyOptions } from './http/proxy.ts';
export {
  type FoundImage,
  type ImagesOptions,
  type ImagesResult,
  images,
  type Mention,
  type UnknownPart,
} from './images.ts';
export {
  type InspectedImage,
  type InspectedLayer,
  type InspectOptions,
  type InspectResult,
  inspect,
} from './inspect.ts';
export { type Finding, isAtLeast, SEVERITIES, type Severity } from './lint/finding.ts';
export type { Grade, RuleGrade } from './lint/grade.ts';
export { listingOf } from './lint/listing.ts';
export type { RuleText } from './lint/rule.ts';
export { rules } from './lint/rules/index.ts';
export { type LintOptions, type LintResult, lint, type OnlineOptions } from './lint.ts';
export {
  type LoadedImage,
  type LoadOptions,
  type LoadResult,
  load,
  ON_EXISTING,
  type OnExisting,
} from './load.ts';
export { type LoginOptions, type LoginResult, login } from './login.ts';
export { type LogoutOptions, type LogoutResult, logout } from './logout.ts';
export { formatPlatform, type Platform, type PlatformChoice, parsePlatform } from './oci/platform.ts';
export type { LeftAlone } from './outputs/left-alone.ts';
export type { OutputKind } from './outputs/output-file.ts';
export { type OutputOptions, type Outputs, openOutputs, type WrittenOutputs } from './outputs.ts';
export { type PlannedImage, type PlanOptions, type PlanResult, plan } from './plan.ts';
export { formatPosition, type Position } from './position.ts';
export { Reference } from './reference/reference.ts';
export { REPLICATED_HOST } from './reference/replicated.ts';
export { NAMINGS, type Naming } from './reference/target.ts';
export type { Credentials, CredentialsByHost } from './registry/credential.ts';
export { DEFAULT_CONCURRENCY } from './registry/registries.ts';
export { isRuntimeTarget } from './runtime/target.ts';
export { maskSecrets } from './secrets.ts';
export { type ServeOptions, type Serving, serve } from './serve.ts';
export type { ListenAddress } from './server/listener.ts';
export type { ImagePaths } from './spec/image-path.ts';
export type { Locations } from './spec/locate.ts';
export type { SourceText } from './spec/source.ts';
export { thirdParty } from './spec/third-party.ts';
export { unreadable } from './unreadable.ts';
export type { Problem } from './verify/problem.ts';
export { type VerifyOptions, type VerifyResult, verify } from './verify.ts';
