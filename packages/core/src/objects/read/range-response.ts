import type { ResponseHead } from '../../http/round-trip.ts';
import { AirgapError, type ErrorContext } from '../../model/errors.ts';
import type { Range } from '../../store/ranges.ts';

/** What identifies a version of an object. */
export interface ObjectVersion {
  /** A strong entity tag; undefined when the server sends none. */
  readonly etag: string | undefined;
  /** The `Last-Modified` of the server; undefined when it sends none. */
  readonly modified: string | undefined;
  /** In bytes. */
  readonly size: number;
}

const CONTENT_RANGE = /^bytes (?<start>\d{1,15})-(?<end>\d{1,15})\/(?<size>\d{1,15})$/i;

/**
 * Reads which version of an object a 206 response has.
 *
 * @throws AirgapError `REGISTRY` when the response does not have the start of the requested range
 */
export function versionOf(head: ResponseHead, requested: Range, where: ErrorContext): ObjectVersion {
  const encoding = textOf(head, 'content-encoding');
  if (encoding !== undefined && encoding !== 'identity')
    throw wrongResponse(`its Content-Encoding is ${JSON.stringify(encoding.slice(0, 100))}`, where);
  const text = textOf(head, 'content-range');
  const range = CONTENT_RANGE.exec(text ?? '')?.groups;
  if (text === undefined) throw wrongResponse('a 206 without Content-Range', where);
  const last = Number(range?.end);
  const isStart = Number(range?.start) === requested.start && last >= requested.start && last < requested.end;
  if (range === undefined || !isStart || last >= Number(range.size))
    throw wrongResponse(
      `unexpected Content-Range ${JSON.stringify(text.slice(0, 100))}, requested bytes ${requested.start}-${requested.end - 1}`,
      where,
    );
  const etag = textOf(head, 'etag');
  return {
    // A weak one may stay the same when bytes change (RFC 9110, section 8.8.1).
    etag: etag?.startsWith('"') ? etag : undefined,
    modified: textOf(head, 'last-modified'),
    size: Number(range.size),
  };
}

/** Whether two responses have the same version of an object. */
export function isSameVersion(a: ObjectVersion, b: ObjectVersion): boolean {
  return a.size === b.size && a.etag === b.etag && (a.etag !== undefined || a.modified === b.modified);
}

function textOf({ headers }: ResponseHead, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

function wrongResponse(reason: string, where: ErrorContext): AirgapError {
  return new AirgapError('REGISTRY', `${where.host} sent an unusable response: ${reason}`, {
    where,
    hint: 'Check the proxies and caches in front of the server, or download the file first.',
  });
}
