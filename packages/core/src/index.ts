export { type BuildOptions, type BuildResult, build } from './build.ts';
export { type Config, parseConfig } from './config/config.ts';
export {
  AirgapError,
  type AirgapErrorOptions,
  type ErrorCode,
  formatWhere,
  isInterrupted,
  type Where,
} from './errors.ts';
export type { AirgapEvent, OnEvent, Phase } from './events.ts';
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
export type { Finding, Severity } from './lint/finding.ts';
export type { Rule } from './lint/rule.ts';
export { rules } from './lint/rules/index.ts';
export { type LintOptions, type LintResult, lint } from './lint.ts';
export { formatPlatform, type Platform, type PlatformChoice, parsePlatform } from './oci/platform.ts';
export { type PlannedImage, type PlanOptions, type PlanResult, plan } from './plan.ts';
export { formatPosition, type Position } from './position.ts';
export { Reference } from './reference/reference.ts';
export { DEFAULT_CONCURRENCY } from './registry/registries.ts';
export { type ServeOptions, type Serving, serve } from './serve.ts';
export type { ListenAddress } from './server/listener.ts';
export type { ImagePaths } from './spec/image-path.ts';
export type { Locations } from './spec/locate.ts';
export type { SourceText } from './spec/source.ts';
export { unreadable } from './unreadable.ts';
export { type Problem, type VerifyOptions, type VerifyResult, verify } from './verify.ts';
