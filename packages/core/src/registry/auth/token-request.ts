import type { HttpRequest } from '../../http/round-trip.ts';
import type { Challenge } from './challenge.ts';
import type { Credentials } from './credential.ts';
import { basicCredentials } from './secret-redactor.ts';

const CLIENT_ID = 'airgap';

/** Returns the value of an `Authorization` header. */
export function basic(credentials: Credentials): string {
  return `Basic ${basicCredentials(credentials)}`;
}

/**
 * Creates the request for a token: GET with Basic credentials or without any, or POST with an identity token
 * (distribution, "Token Authentication" and "OAuth2 Token Authentication").
 *
 * @param scope needed scopes, separated by spaces
 */
export function tokenRequest(
  realm: URL,
  { parameters }: Challenge,
  scope: string,
  credentials: Credentials | undefined,
): HttpRequest {
  const { service } = parameters;
  const scopes = mergeScopes(scope, parameters.scope);
  const fields = service ? { service } : {};
  if (credentials?.identityToken) {
    const form = {
      ...fields,
      scope: scopes.join(' '),
      grant_type: 'refresh_token',
      client_id: CLIENT_ID,
      refresh_token: credentials.identityToken,
    };
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return { method: 'POST', url: realm, headers, body: new URLSearchParams(form).toString() };
  }
  const url = new URL(realm);
  for (const [name, value] of Object.entries(fields)) url.searchParams.append(name, value);
  for (const name of scopes) url.searchParams.append('scope', name);
  const headers: Record<string, string> = credentials ? { authorization: basic(credentials) } : {};
  return { method: 'GET', url, headers };
}

/** Merges the needed scopes with those of the challenge; other kinds of scopes in a challenge replace them. */
function mergeScopes(needed: string, challenged: string | undefined): string[] {
  const own = needed.split(' ').filter(Boolean);
  const named = challenged?.split(' ').filter(Boolean) ?? [];
  if (named.some(scope => !scope.startsWith('repository:'))) return named;
  return [...new Set([...own, ...named])];
}
