import { responseError } from '../http/response-error.ts';
import type { ErrorContext } from '../model/errors.ts';
import type { Digest } from '../oci/digest.ts';
import { MemorySink } from '../store/blob-writer.ts';
import type { RegistryHost } from './host.ts';

/** Asks once whether a repository has a blob (distribution-spec, "Checking if content exists in the registry"). */
export async function hasBlob(
  host: RegistryHost,
  repository: string,
  digest: Digest,
  where: ErrorContext,
): Promise<boolean> {
  const request = { method: 'HEAD' as const, repository, path: `blobs/${digest}`, push: true };
  const answer = await host.send(request, () => new MemorySink(0));
  if (answer.status === 200) return true;
  if (answer.status === 404) return false;
  throw responseError('ask for the blob', answer, answer.errorBody, where);
}
