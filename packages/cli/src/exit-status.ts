import { AirgapError, type ErrorCode, isInterrupted } from '@airgap/core';

export const USAGE = 2;
export const INTERRUPTED = 130;
/** A bug in airgap (EX_SOFTWARE in sysexits.h). */
const BUG = 70;

/** The exit status for each error code. */
const STATUS: Readonly<Record<ErrorCode, number>> = {
  USAGE,
  INPUT: 2,
  FINDINGS: 1,
  LOCK: 1,
  SIGNATURE: 1,
  BUNDLE: 1,
  NOT_FOUND: 2,
  UNSUPPORTED: 2,
  DENIED: 2,
  REGISTRY: 3,
  NETWORK: 3,
  CONTENT: 4,
  DISK: 5,
  RUNTIME: 3,
  INTERRUPTED,
};

/** Returns the exit status of the process for an error. */
export function exitStatus(error: unknown): number {
  if (error instanceof AirgapError) return STATUS[error.code];
  return isInterrupted(error) ? INTERRUPTED : BUG;
}
