import type { IncomingHttpHeaders } from 'node:http';
import type { Repositories } from './repositories.ts';
import type { Repository } from './repository.ts';

/** A request for one of the registry's endpoints. */
export interface ApiRequest {
  readonly method: 'GET' | 'HEAD';
  readonly headers: IncomingHttpHeaders;
  readonly query: URLSearchParams;
  /** All there are. */
  readonly repositories: Repositories;
}

/** A request for something in a repository. */
export interface RepositoryRequest extends ApiRequest {
  /** The name as it was asked for. */
  readonly name: string;
  /** What it can mean, the one that counts first; at least one. */
  readonly found: readonly Repository[];
  /** A tag or a digest. */
  readonly reference: string;
}

/** The first that one of several repositories has. */
export function firstDefined<T>(
  found: readonly Repository[],
  ask: (repository: Repository) => T | undefined,
): T | undefined {
  for (const repository of found) {
    const answer = ask(repository);
    if (answer !== undefined) return answer;
  }
  return undefined;
}
