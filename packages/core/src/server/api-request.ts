import type { IncomingHttpHeaders } from 'node:http';
import type { Repositories } from './repositories.ts';
import type { Repository } from './repository.ts';

/** A request to an endpoint of the registry. */
export interface ApiRequest {
  readonly method: 'GET' | 'HEAD';
  readonly headers: IncomingHttpHeaders;
  readonly query: URLSearchParams;
  /** All repositories of the registry. */
  readonly repositories: Repositories;
}

/** A request to an endpoint of a repository. */
export interface RepositoryRequest extends ApiRequest {
  /** The repository name as in the request. */
  readonly name: string;
  /** The repositories that the name matches, in order of precedence; at least one. */
  readonly matches: readonly Repository[];
  /** A tag or a digest; empty for tag lists. */
  readonly reference: string;
}

/** The first defined result for any of the repositories. */
export function firstDefined<T>(
  repositories: readonly Repository[],
  find: (repository: Repository) => T | undefined,
): T | undefined {
  for (const repository of repositories) {
    const result = find(repository);
    if (result !== undefined) return result;
  }
  return undefined;
}
