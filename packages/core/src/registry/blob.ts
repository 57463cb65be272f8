import { responseError } from '../http/response-error.ts';
import type { ErrorContext } from '../model/errors.ts';
import type { Digest } from '../oci/digest.ts';
import { MemorySink } from '../store/blob-writer.ts';
import type { ApiResponse, RegistryHost } from './host.ts';

/** The statuses of registries that do not say whether something exists, such as Artifactory and GitLab. */
const REFUSED_CHECK: readonly number[] = [400, 401, 403, 405];

/** Whether a registry refused to say whether something exists, and not because of wrong credentials. */
export async function isRefusedCheck(host: RegistryHost, response: ApiResponse): Promise<boolean> {
  if (response.redirected || !REFUSED_CHECK.includes(response.status)) return false;
  return host.acceptsCredentials(response);
}

/** Whether a registry redirects to its storage with a link for GET requests only, as links are signed with their method. */
function isRefusedByStorage({ redirected, status }: ApiResponse): boolean {
  return redirected && REFUSED_CHECK.includes(status);
}

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
 * @returns undefined when the registry does not say so
 * @throws AirgapError `DENIED` when it rejects the credentials; AirgapError or RetryableError for other statuses
 */
export async function hasBlob(
  host: RegistryHost,
  repository: string,
  { digest, size, push = false }: BlobCheck,
  where: ErrorContext,
): Promise<boolean | undefined> {
  const request = { method: 'HEAD' as const, repository, path: `blobs/${digest}`, push };
  const response = await host.send(request, () => new MemorySink(0));
  if (response.status === 200) {
    const stored = Number(response.headers['content-length'] ?? 0);
    return size === undefined || stored === 0 || stored === size;
  }
  if (response.status === 404) return false;
  if (isRefusedByStorage(response) || (await isRefusedCheck(host, response))) return undefined;
  throw responseError('check the blob', response, response.errorBody, where);
}
