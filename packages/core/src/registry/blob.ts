import { responseError } from '../http/response-error.ts';
import type { ErrorContext } from '../model/errors.ts';
import type { Digest } from '../oci/digest.ts';
import { MemorySink } from '../store/blob-writer.ts';
import type { RegistryHost } from './host.ts';

/** What is checked. */
interface BlobCheck {
  readonly digest: Digest;
  /** The expected size, in bytes; any size counts when it is missing, or when the registry does not report it. */
  readonly size?: number;
  /** Whether the repository will be written to; one token then serves both. */
  readonly push?: boolean;
}

/**
 * Checks once whether a repository has a blob (distribution-spec, "Checking if content exists in the registry").
 *
 * @throws AirgapError or RetryableError for other statuses than 200 and 404
 */
export async function hasBlob(
  host: RegistryHost,
  repository: string,
  { digest, size, push = false }: BlobCheck,
  where: ErrorContext,
): Promise<boolean> {
  const request = { method: 'HEAD' as const, repository, path: `blobs/${digest}`, push };
  const response = await host.send(request, () => new MemorySink(0));
  if (response.status === 200) {
    const stored = Number(response.headers['content-length'] ?? 0);
    return size === undefined || stored === 0 || stored === size;
  }
  if (response.status === 404) return false;
  throw responseError('check the blob', response, response.errorBody, where);
}
