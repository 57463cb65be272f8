import { formatPosition, type Position } from './position.ts';

/**
 * What went wrong, as one word a program can branch on.
 *
 * - `USAGE`        an option that makes no sense
 * - `INPUT`        a spec, list or config that cannot be read, parsed or located
 * - `FINDINGS`     `strict` was asked for and the lint found something
 * - `BUNDLE`       a file that is no bundle, or a bundle that is damaged
 * - `NOT_FOUND`    the registry does not have the name, the platform or the blob
 * - `UNSUPPORTED`  the registry has something that cannot be carried (schema 1, an unknown digest algorithm)
 * - `DENIED`       the registry refused the credentials, or wants some
 * - `REGISTRY`     the registry answered with an error, or with something that breaks the protocol
 * - `NETWORK`      the registry could not be reached, or the connection broke
 * - `CONTENT`      bytes do not match the digest or the size they were promised under
 * - `DISK`         no space, no permission, a failing file system
 * - `RUNTIME`      a local runtime that is not there, does not answer, or does not take the bundle
 * - `INTERRUPTED`  the caller's signal was aborted
 */
export type ErrorCode =
  | 'USAGE'
  | 'INPUT'
  | 'FINDINGS'
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

/** What an error is about. Every field is optional; those known are set. */
export interface ErrorContext {
  readonly position?: Position;
  /** A canonical image reference. */
  readonly image?: string;
  /** A platform that was asked for, as `os/architecture`. */
  readonly platform?: string;
  /** A blob's or manifest's digest. */
  readonly digest?: string;
  /** The registry host that was being talked to, with its port when it has one. */
  readonly host?: string;
  /** A file on this machine. */
  readonly path?: string;
}

export interface AirgapErrorOptions {
  /** What to do next, in one sentence. */
  readonly hint?: string;
  readonly where?: ErrorContext;
  readonly cause?: unknown;
  /** When several things are wrong at once: each of them. */
  readonly details?: readonly AirgapError[];
}

/** The only error that the library throws on purpose. Errors are data: render them as you like. */
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

  /** The same error with more known about where it happened; what was known already stays. */
  withContext(where: ErrorContext): AirgapError {
    return this.#with(this.message, { ...where, ...this.where });
  }

  /** The same error with something to add. */
  withNote(words: string): AirgapError {
    return this.#with(`${this.message} (${words})`, this.where);
  }

  #with(message: string, where: ErrorContext): AirgapError {
    const hint = this.hint === undefined ? {} : { hint: this.hint };
    return new AirgapError(this.code, message, { ...hint, where, cause: this.cause, details: this.details });
  }

  /** One error for several: the error itself when there is one, else a summary that carries them all. */
  static all(errors: readonly AirgapError[], summary: string): AirgapError {
    const [first] = errors;
    if (first === undefined) throw new RangeError('AirgapError.all needs at least one error');
    if (errors.length === 1) return first;
    return new AirgapError(first.code, summary, { details: errors });
  }
}

/** Says whether an error came from an aborted signal. */
export function isInterrupted(error: unknown): boolean {
  if (error instanceof AirgapError) return error.code === 'INTERRUPTED';
  return error instanceof Error && error.name === 'AbortError';
}

/** Names the place of an error in one line: `app.yaml:3:7`, or image, digest and host. */
export function formatWhere(where: ErrorContext): string {
  if (where.position) return formatPosition(where.position);
  const parts = [where.image, where.digest, where.host && `at ${where.host}`, where.path];
  return parts.filter(Boolean).join(' ');
}
