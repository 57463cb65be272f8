import { responseError } from '../http/response-error.ts';
import type { RetryableError } from '../http/retry.ts';
import { AirgapError, type ErrorContext } from '../model/errors.ts';
import type { ApiResponse } from './host.ts';

/** What registries answer to a push over a tag that must not change: Harbor, ECR, Nexus, Quay, Artifact Registry, ACR. */
const IMMUTABLE_STATUSES = [400, 403, 405, 409, 412];
const IMMUTABLE =
  /immutab|cannot be overwritten|not allow (?:updating|overwriting|redeploy)|write operations disabled/i;
/** What registries answer when repositories must be created first: the code of the specification, and ECR's text. */
const NO_REPOSITORY = /NAME_UNKNOWN|does not exist in the registry with id/;
const MEDIA_TYPE = /media[ _-]?type/i;

/**
 * Creates the error for an unsuccessful push, with a hint for what registries reject although it is valid: a missing
 * repository, an immutable tag.
 */
export function pushError(
  action: string,
  repository: string,
  response: ApiResponse,
  where: ErrorContext,
): AirgapError | RetryableError {
  const failed = responseError(action, response, response.errorBody, where);
  if (!(failed instanceof AirgapError)) return failed;
  if (isMissingRepository(response)) return missingRepository(failed, repository);
  if (isImmutable(response))
    return new AirgapError('INPUT', failed.message, {
      where,
      hint: 'The tag is immutable: use --on-existing skip, or load under another prefix.',
    });
  return failed;
}

/** Returns the same error with the hint to create the repository. */
export function missingRepository({ code, message, where }: AirgapError, repository: string): AirgapError {
  return new AirgapError(code, message, {
    where,
    hint: `Create the repository ${repository} first; on ECR: aws ecr create-repository --repository-name ${repository}.`,
  });
}

/** Whether a registry answers that the repository does not exist. */
export function isMissingRepository(response: ApiResponse): boolean {
  return response.status === 404 && NO_REPOSITORY.test(textOf(response));
}

/** Whether a registry refuses a manifest because of its media type, and not because its blobs are missing. */
export function refusesMediaType(response: ApiResponse): boolean {
  const { status } = response;
  if (status === 415) return true;
  return [400, 405, 406, 422, 501].includes(status) && MEDIA_TYPE.test(textOf(response));
}

function isImmutable(response: ApiResponse): boolean {
  return IMMUTABLE_STATUSES.includes(response.status) && IMMUTABLE.test(textOf(response));
}

function textOf({ errorBody }: ApiResponse): string {
  return Buffer.from(errorBody).toString('utf8');
}
