import { formatPosition, type Position } from './position.ts';

/**
 * The kind of an error, for programs to branch on.
 *
 * - `USAGE`        an invalid option or combination of options
 * - `INPUT`        a spec, list or config cannot be read, parsed or resolved to a reference
 * - `FINDINGS`     `strict` is set and the lint has findings
 * - `LOCK`         the input and the lock differ
 * - `SIGNATURE`    an image has no signature that the policy requires
 * - `BUNDLE`       the file is not a bundle, or the bundle is damaged
 * - `NOT_FOUND`    the registry does not have the name, the platform or the blob
 * - `UNSUPPORTED`  the registry has content that a bundle cannot hold (schema 1, an unknown digest algorithm); a store or
 *   server that refuses a request for good
 * - `DENIED`       the registry rejected the credentials, or requires some
 * - `REGISTRY`     the registry returned an error, or a response that violates the protocol
 * - `NETWORK`      the registry could not be reached, or the connection broke
 * - `CONTENT`      bytes do not match their digest or size
 * - `DISK`         disk full, permission denied or an I/O error
 * - `RUNTIME`      a local runtime is missing, does not respond, or rejects the bundle
 * - `INTERRUPTED`  the caller's signal was aborted
 */
export type ErrorCode =
  | 'USAGE'
  | 'INPUT'
  | 'FINDINGS'
  | 'LOCK'
  | 'SIGNATURE'
  | 'BUNDLE'
  | 'NOT_FOUND'
  | 'UNSUPPORTED'
  | 'DENIED'
  | 'REGISTRY'
  | 'NETWORK'
  | 'CONTENT'
  | 'DISK'
  | 'RUNTIME'
  | 'INTERRUPTED';

/** What an error refers to. Every field is optional; known fields are set. */
export interface ErrorContext {
  readonly position?: Position;
  /** A canonical image reference. */
  readonly image?: string;
  /** A requested platform, as `os/architecture`. */
  readonly platform?: string;
  /** The digest of a blob or manifest. */
  readonly digest?: string;
  /** The registry host, as `host[:port]`. */
  readonly host?: string;
  /** A local file. */
  readonly path?: string;
}

/** The optional parts of an {@link AirgapError}. */
export interface AirgapErrorOptions {
  /** What to do next: one imperative sentence. */
  readonly hint?: string;
  readonly where?: ErrorContext;
  readonly cause?: unknown;
  /** The single errors, when several occurred at once. */
  readonly details?: readonly AirgapError[];
}

/** The error that the library throws. It carries data; the caller renders it. */
export class AirgapError extends Error {
  override readonly name = 'AirgapError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly where: ErrorContext;
  readonly details: readonly AirgapError[];

  constructor(code: ErrorCode, message: string, options: AirgapErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.where = options.where ?? {};
    this.details = options.details ?? [];
  }

  /** Returns the same error with context added; existing context wins. */
  withContext(where: ErrorContext): AirgapError {
    return this.#with(this.message, { ...where, ...this.where });
  }

  /** Returns the same error with a note in parentheses after its message. */
  withNote(note: string): AirgapError {
    return this.#with(`${this.message} (${note})`, this.where);
  }

  #with(message: string, where: ErrorContext): AirgapError {
    const hint = this.hint === undefined ? {} : { hint: this.hint };
    return new AirgapError(this.code, message, { ...hint, where, cause: this.cause, details: this.details });
  }

  /** Combines errors: returns the only one as it is, or a summary with all of them as `details`. */
  static all(errors: readonly AirgapError[], summary: string): AirgapError {
    const [first] = errors;
    if (first === undefined) throw new RangeError('AirgapError.all needs at least one error');
    if (errors.length === 1) return first;
    return new AirgapError(first.code, summary, { details: errors });
  }
}

/** Whether an error came from an aborted signal. */
export function isInterrupted(error: unknown): boolean {
  if (error instanceof AirgapError) return error.code === 'INTERRUPTED';
  return error instanceof Error && error.name === 'AbortError';
}

/** Formats the context of an error in one line: `app.yaml:3:7`, or image, digest, host and path. */
export function formatWhere(where: ErrorContext): string {
  if (where.position) return formatPosition(where.position);
  const parts = [where.image, where.digest, where.host && `at ${where.host}`, where.path];
  return parts.filter(Boolean).join(' ');
}
