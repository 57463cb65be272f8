import { Nginx } from '../test/support/programs/nginx.ts';
import type { Dataset } from './data/dataset.ts';
import type { WorkDir } from './work-dir.ts';

/** The rate limit of each connection. */
export const CAP = '40 MB/s per connection';

/**
 * Starts an nginx in front of a registry that limits the rate of every connection. nginx sends blobs straight from the
 * registry's storage, as a storage service does, so that the registry is not the bottleneck.
 *
 * @param more further directives for its locations and its server
 */
export function cappedServer(
  workDir: WorkDir,
  { host, store }: Dataset,
  more = { location: '', server: '' },
): Promise<Nginx> {
  const location = `limit_rate 40m; ${more.location}`;
  const blobs = `location ~ "^/v2/.+/blobs/sha256:(?<start>..)(?<rest>.+)$" {
      alias ${store}/$start/$start$rest/data; default_type application/octet-stream; sendfile on; ${location}
    }`;
  return Nginx.start(workDir.state, host, { location, server: `${blobs}\n    ${more.server}` });
}
