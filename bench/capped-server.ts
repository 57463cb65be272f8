import { Nginx } from '../test/programs/nginx.ts';
import type { Place } from './place.ts';

/** What it holds each connection to. */
export const CAP = '40 MB/s a connection';

/**
 * An nginx in front of a registry that limits every connection.
 *
 * @param directives what its location says besides
 */
export function cappedServer(place: Place, upstream: string, directives = ''): Promise<Nginx> {
  return Nginx.start(place.notes, upstream, { location: `limit_rate 40m; ${directives}` });
}
