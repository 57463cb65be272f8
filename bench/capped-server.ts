import { Nginx } from '../test/programs/nginx.ts';
import type { Dataset } from './data/dataset.ts';
import type { Place } from './place.ts';

/** What it holds each connection to. */
export const CAP = '40 MB/s a connection';

/**
 * An nginx in front of a registry that limits every connection. Blobs it sends from the registry's storage by itself,
 * as a storage service does: what carries them must not be what is measured.
 *
 * @param more what its locations say, and its server has, besides
 */
export function cappedServer(
  place: Place,
  { host, store }: Dataset,
  more = { location: '', server: '' },
): Promise<Nginx> {
  const location = `limit_rate 40m; ${more.location}`;
  const blobs = `location ~ "^/v2/.+/blobs/sha256:(?<start>..)(?<rest>.+)$" {
      alias ${store}/$start/$start$rest/data; default_type application/octet-stream; sendfile on; ${location}
    }`;
  return Nginx.start(place.notes, host, { location, server: `${blobs}\n    ${more.server}` });
}
