import { AirgapError, type ErrorCode } from '@airgap/core';

/** What the process ends with, by what went wrong. 0 is success; 70 is a bug of ours (BSD's EX_SOFTWARE). */
const STATUS: Readonly<Record<ErrorCode, number>> = {
  USAGE: 2,
  INPUT: 2,
  FINDINGS: 1,
  BUNDLE: 1,
  NOT_FOUND: 3,
  UNSUPPORTED: 3,
  DENIED: 3,
  REGISTRY: 3,
  NETWORK: 3,
  CONTENT: 4,
  DISK: 5,
  INTERRUPTED: 130,
};
const BUG = 70;

export function exitStatus(error: unknown): number {
  return error instanceof AirgapError ? STATUS[error.code] : BUG;
}
