import { responseError } from '../http/response-error.ts';
import type { ErrorContext } from '../model/errors.ts';
import type { Digest } from '../oci/digest.ts';
import { MemorySink } from '../store/blob-writer.ts';
import type { RegistryHost } from './host.ts';

/**
 * Checks once whether a repository has a blob (distribution-spec, "Checking if content exists in the registry").
 *
 * @throws AirgapError or RetryableError for other statuses than 200 and 404
 */
export async function hasBlob(
  host: RegistryHost,
  repository: string,
  digest: Digest,
  where: ErrorContext,
): Promise<boolean> {
  const request = { method: 'HEAD' as const, repository, path: `blobs/${digest}`, push: true };
  const response = await host.send(request, () => new MemorySink(0));
  if (response.status === 200) return true;
  if (response.status === 404) return false;
  throw responseError('check the blob', response, response.errorBody, where);
}
