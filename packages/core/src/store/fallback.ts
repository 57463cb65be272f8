import { AirgapError, type ErrorCode } from '../model/errors.ts';
import type { OnEvent } from './events.ts';
import type { BlobSource } from './image-source.ts';

/** Errors after which the next source is tried. */
const FALLBACK_CODES: ReadonlySet<ErrorCode> = new Set([
  'NOT_FOUND',
  'BUNDLE',
  'INPUT',
  'DENIED',
  'REGISTRY',
  'NETWORK',
  'CONTENT',
]);

/** Whether another source may succeed where this error occurred. */
export function canFallBack(error: unknown): error is AirgapError {
  return error instanceof AirgapError && FALLBACK_CODES.has(error.code);
}

/** The sources to try, in order: without those that are down, unless there is no other. */
export function reachable<S extends BlobSource>(sources: readonly S[]): readonly S[] {
  return sources.filter(({ isDown }, index) => !isDown || index === sources.length - 1);
}

/** Reports that a source failed and the next one is tried. */
export function reportFallback({ origin }: BlobSource, { message }: AirgapError, onEvent: OnEvent): void {
  onEvent({ type: 'notice', message: `${nameOf(origin)}: ${message}; trying the next source` });
}

/** Returns the first error, with the others as a note. That a source lacks the content says little while others failed. */
export function combineFailures(failures: readonly AirgapError[]): AirgapError {
  const main = failures.find(({ code }) => code !== 'NOT_FOUND') ?? failures[0];
  if (main === undefined) throw new RangeError('no source was tried');
  const others = failures.filter(failure => failure !== main);
  if (others.length === 0) return main;
  const note = others.map(({ message, where }) => `${nameOf(where)}: ${message}`).join('; ');
  return main.withNote(note);
}

function nameOf({ host, path }: BlobSource['origin']): string {
  return host ?? path ?? 'memory';
}
