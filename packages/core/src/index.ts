export { AirgapError, type AirgapErrorOptions, type ErrorCode, formatWhere, isInterrupted, type Where } from './errors.ts';
export type { AirgapEvent, OnEvent, Phase } from './events.ts';
export type { Finding, Severity } from './lint/finding.ts';
export { formatPlatform, type Platform, type PlatformChoice, parsePlatform } from './oci/platform.ts';
export { formatPosition, type Position } from './position.ts';
export { Reference } from './reference/reference.ts';
