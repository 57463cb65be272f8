export { isArtifactName } from './artifact/artifact-name.ts';
export type { TransferredBytes } from './bundle/transfer-tally.ts';
export { type Config, parseConfig, type TrustRequirement } from './config/config.ts';
export type { ConfigFile } from './config/config-file.ts';
export type { TrustedKey } from './config/config-keys.ts';
export {
  type ConfigLayer,
  type ConfigOrigin,
  type ConfigPlaces,
  DEFAULT_CONFIG,
  distrustReason,
  mergeLayers,
  readLayers,
  requireTrust,
  type Settings,
  withoutTrustedKeys,
} from './config/config-layers.ts';
export { configJsonSchema } from './config/config-schema.ts';
export type { CredentialSource } from './config/credential-source.ts';
export { DEFAULT_FLAGS, type FlagDefaults, isTrustedFlag } from './config/flag-defaults.ts';
export { isLicenseId, licenseCredentials, parseLicense } from './config/license.ts';
export { type CopyImageOptions, copyImage } from './copy/copy-image.ts';
export { ON_EXISTING, type OnExisting } from './copy/tags.ts';
export type {
  AddedImage,
  ChangedImage,
  ChangedLayer,
  PlatformChange,
  RemovedImage,
} from './diff/image-change.ts';
export { fileReadError } from './fs/file-read-error.ts';
export { readTextFile } from './fs/small-file.ts';
export type { ProxyOptions } from './http/proxy.ts';
export type { ImagePaths } from './input/formats/image-path.ts';
export type { SourceText } from './input/model/source-text.ts';
export { proxiedApp, proxiedRegistries } from './input/proxied-registries.ts';
export type { RegistrySettings } from './input/references.ts';
export type { IncludeEntry } from './input/selection.ts';
export type { RequiredRelease } from './kots/airgap-document.ts';
export type { BlobAmount } from './layout/blob-usage.ts';
export { DirectoryTarget } from './layout/directory-target.ts';
export type { Layout, NamedDescriptor } from './layout/layout.ts';
export type { LayoutForm } from './layout/layout-files.ts';
export type { OpenOptions } from './layout/open-layout.ts';
export type { AppliedFix, FixedFile } from './lint/fixes/fixer.ts';
export { imagesEntryFor } from './lint/rule-api/images-entry.ts';
export type { RuleText } from './lint/rule-api/rule.ts';
export type { RuleSetting, RuleSeverity } from './lint/rule-api/rule-setting.ts';
export { rules } from './lint/rules/index.ts';
export type { LockChange } from './lock/changes.ts';
export { DEFAULT_LOCK } from './lock/lock.ts';
export { formatBytes, parseBytes } from './model/bytes.ts';
export { closest } from './model/closest.ts';
export {
  AirgapError,
  type AirgapErrorOptions,
  type ErrorCode,
  type ErrorContext,
  formatWhere,
  isInterrupted,
} from './model/errors.ts';
export { type Finding, isAtLeast, SEVERITIES, type Severity } from './model/finding.ts';
export { isUrl, shownPath } from './model/path-or-url.ts';
export { formatPosition, type Position } from './model/position.ts';
export { maskSecrets } from './model/secrets.ts';
export type { ObjectOptions } from './objects/read/object-options.ts';
export { isObjectUrl } from './objects/s3/object-url.ts';
export type { Descriptor } from './oci/descriptor.ts';
export { type Digest, parseDigest } from './oci/digest.ts';
export type { RawManifest } from './oci/manifest.ts';
export { formatPlatform, type Platform, type PlatformChoice, parsePlatform } from './oci/platform.ts';
export { parseRegistry, Reference } from './reference/reference.ts';
export { NAMINGS, type Naming } from './reference/relocation.ts';
export { isReplicatedHost, REPLICATED_HOST, type ReplicatedDomains } from './reference/replicated.ts';
export type { Credentials, CredentialsByHost } from './registry/auth/credential.ts';
export type { CredentialFile } from './registry/auth/docker-config.ts';
export type { Registries, RegistryOptions } from './registry/registries.ts';
export { DEFAULT_CONCURRENCY } from './registry/registries.ts';
export type { OutputKind } from './relocate/output-file.ts';
export type { Skipped } from './relocate/skipped.ts';
export type { CycloneDxDocument } from './report/cyclonedx.ts';
export type { SpdxDocument } from './report/spdx.ts';
export type { RuntimeTarget } from './runtime/target.ts';
export { isRuntimeTarget } from './runtime/target.ts';
export type { ListenAddress } from './server/listener.ts';
export type { SignatureOptions } from './signing/bundle-checksums.ts';
export type { ImageSignature, SignatureRule } from './signing/image-policy.ts';
export type { AirgapEvent, OnTimedEvent as OnEvent, Phase, TimedEvent } from './store/events.ts';
export type { BlobSource, ImageSource } from './store/image-source.ts';
export type { BlobBody, ImageTarget } from './store/image-target.ts';
export { MemoryStore } from './store/memory-store.ts';
export { type BuildOptions, type BuildResult, build } from './verbs/build.ts';
export type { WrittenBundle } from './verbs/copy-bundle.ts';
export { type DeltaOptions, type DeltaResult, delta } from './verbs/delta.ts';
export { type ComparedBundle, type DiffOptions, type DiffResult, diff } from './verbs/diff.ts';
export { type FixOptions, type FixResult, fix } from './verbs/fix.ts';
export {
  type FoundImage,
  type ImagesOptions,
  type ImagesResult,
  type InputProblem,
  images,
  type Mention,
  type UnreadReference,
} from './verbs/images.ts';
export {
  type InspectedImage,
  type InspectedLayer,
  type InspectOptions,
  type InspectResult,
  inspect,
  type RecordedChecksums,
} from './verbs/inspect.ts';
export { type JoinOptions, join } from './verbs/join.ts';
export { type KotsOptions, type KotsResult, kots } from './verbs/kots.ts';
export { type LintOptions, type LintResult, lint, type OnlineOptions } from './verbs/lint.ts';
export {
  type LoadedImage,
  type LoadOptions,
  type LoadResult,
  load,
  loadRegistry,
} from './verbs/load.ts';
export {
  type LoadRuntimeOptions,
  type LoadRuntimeResult,
  loadRuntime,
  type RuntimeLoadedImage,
} from './verbs/load-runtime.ts';
export { type LockOptions, type LockResult, lock } from './verbs/lock.ts';
export { type LoginOptions, type LoginResult, login } from './verbs/login.ts';
export { type LogoutOptions, type LogoutResult, logout } from './verbs/logout.ts';
export { type MergeOptions, merge } from './verbs/merge.ts';
export { openBundle, openLayout, openRegistry } from './verbs/open.ts';
export { type OutputOptions, type Outputs, openOutputs, type WrittenOutputs } from './verbs/outputs.ts';
export { type PlannedImage, type PlanOptions, type PlanResult, plan } from './verbs/plan.ts';
export type { PlatformOption, PlatformOptions } from './verbs/platform-choice.ts';
export { type PullOptions, type PullResult, pull } from './verbs/pull.ts';
export { type PushOptions, type PushResult, push } from './verbs/push.ts';
export { type PushBundleOptions, type PushBundleResult, pushBundle } from './verbs/push-bundle.ts';
export {
  type BillOptions,
  billOfMaterials,
  type HtmlReportOptions,
  htmlReport,
} from './verbs/report.ts';
export {
  type RestoreOptions,
  type RestoreResult,
  type RetiredImage,
  type RetireOptions,
  type RetireResult,
  restore,
  retire,
} from './verbs/retire.ts';
export { type ServeOptions, type Serving, serve } from './verbs/serve.ts';
export { type ShardAbortOptions, type ShardAbortResult, shardAbort } from './verbs/shard-abort.ts';
export { type ShardFinishOptions, type ShardFinishResult, shardFinish } from './verbs/shard-finish.ts';
export { type ShardPlanOptions, type ShardPlanResult, shardPlan } from './verbs/shard-plan.ts';
export { type ShardRunOptions, type ShardRunResult, shardRun } from './verbs/shard-run.ts';
export { type SignBundleOptions, type SignOptions, type SignResult, sign } from './verbs/sign.ts';
export { type SplitOptions, split } from './verbs/split.ts';
export {
  distrust,
  type TrustedConfig,
  type TrustOptions,
  type TrustResult,
  trust,
  trustedConfigs,
} from './verbs/trust.ts';
export { type VerifiedChecksums, type VerifyOptions, type VerifyResult, verify } from './verbs/verify.ts';
export type { AirgapFields, KotsImage, WrittenAirgap } from './verbs/write-airgap.ts';
export type { Problem } from './verify/problem.ts';
