import type { Dispatcher } from 'undici';
import { z } from 'zod';
import { isLoopback } from '../../http/loopback.ts';
import { responseError } from '../../http/response-error.ts';
import { type HttpRequest, roundTrip } from '../../http/round-trip.ts';
import { AirgapError } from '../../model/errors.ts';
import { MemorySink } from '../../store/blob-writer.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import type { Credentials } from './credential.ts';
import type { CredentialStore } from './credential-store.ts';
import { basicCredentials, SecretRedactor } from './secret-redactor.ts';

const MAX_TOKEN_RESPONSE = 1024 * 1024;
const CLIENT_ID = 'airgap';

const tokenSchema = z.looseObject({ token: z.string().optional(), access_token: z.string().optional() });

/** A 401 response of a registry, and its request. */
export interface AuthChallenge {
  /** The registry host, with its port if any. */
  readonly host: string;
  /** The URL of the request. */
  readonly url: URL;
  /** The token scope that the request needs; may be empty. */
  readonly scope: string;
  /** The `WWW-Authenticate` of the response. */
  readonly header: string | string[] | undefined;
  /** The rejected `Authorization`, if any was sent. */
  readonly authorization: string | undefined;
}

/** The `Authorization` for one host and scope. */
interface TokenEntry {
  header?: string | undefined;
  /** The pending request for a new header, which all transfers share. */
  pending?: Promise<string | undefined> | undefined;
}

/**
 * Answers authentication challenges with an `Authorization` header: Basic, or Bearer with a token from the token
 * service (distribution, "Token Authentication"). Headers are cached per host and scope, and concurrent transfers share
 * one token request. Credentials are sent to their registry, and to the token service that it names: to any host over
 * https, as the registry could forward the credentials anyway; over http only when the registry has no TLS either, and
 * the service is on the same host or on loopback.
 */
export class Authorizer {
  readonly #dispatcher: Dispatcher;
  readonly #credentials: CredentialStore;
  readonly #entries = new Map<string, TokenEntry>();
  /** Masks all credentials and tokens that were sent. */
  readonly secrets = new SecretRedactor();

  constructor(dispatcher: Dispatcher, credentials: CredentialStore) {
    this.#dispatcher = dispatcher;
    this.#credentials = credentials;
  }

  /** Returns the current header for a host and scope, after any pending token request. */
  async header(host: string, scope: string): Promise<string | undefined> {
    const { pending, header } = this.#entry(host, scope);
    return pending ?? header;
  }

  /**
   * Answers a 401 response: with the header that has already replaced the rejected one, or with a new one.
   *
   * @returns the header to send next; undefined without suitable credentials
   * @throws AirgapError `REGISTRY` for a token service that is not allowed, `DENIED` when it rejects the credentials,
   * `INPUT` when a credential helper fails
   */
  async answer(challenge: AuthChallenge, signal?: AbortSignal): Promise<string | undefined> {
    const entry = this.#entry(challenge.host, challenge.scope);
    if (entry.pending !== undefined) return entry.pending;
    if (entry.header !== undefined && entry.header !== challenge.authorization) return entry.header;
    entry.pending = this.#authorize(challenge, signal);
    try {
      entry.header = await entry.pending;
      return entry.header;
    } finally {
      entry.pending = undefined;
    }
  }

  #entry(host: string, scope: string): TokenEntry {
    const key = `${host} ${scope}`;
    const entry = this.#entries.get(key) ?? {};
    this.#entries.set(key, entry);
    return entry;
  }

  async #authorize(challenge: AuthChallenge, signal: AbortSignal | undefined): Promise<string | undefined> {
    const challenges = parseChallenges(challenge.header);
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    const supportsBasic = challenges.some(({ scheme }) => scheme === 'basic');
    if (!bearer && !supportsBasic) return undefined;
    const credentials = await this.#credentials.for(challenge.host, signal);
    if (credentials) this.secrets.addCredentials(credentials);
    if (bearer) return `Bearer ${await this.#token(bearer, challenge, credentials, signal)}`;
    return credentials && basic(credentials);
  }

  async #token(
    { parameters }: Challenge,
    { host, url, scope }: AuthChallenge,
    credentials: Credentials | undefined,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    const { secrets } = this;
    const realm = realmUrl(parameters.realm ?? '', url, credentials !== undefined, secrets);
    const request = tokenRequest(
      realm,
      parameters.service,
      scopes(scope, parameters.scope),
      credentials,
      signal,
    );
    const sink = new MemorySink(MAX_TOKEN_RESPONSE);
    const head = await roundTrip(this.#dispatcher, request, () => sink);
    if (head.status !== 200)
      throw responseError(`get a token from ${realm.host}`, { ...head, secrets }, sink.bytes, { host });
    const response = tokenSchema.safeParse(parseJson(sink.bytes));
    const token = response.data?.token || response.data?.access_token;
    if (!token)
      throw new AirgapError('REGISTRY', `the token service ${realm.host} returned no token`, {
        where: { host },
        hint: `Try again; if it persists, contact the administrator of ${realm.host}.`,
      });
    secrets.addToken(token);
    return token;
  }
}

function basic(credentials: Credentials): string {
  return `Basic ${basicCredentials(credentials)}`;
}

/** A realm must not downgrade credentials from TLS to http, nor send them to another host over http. */
function realmUrl(realm: string, registry: URL, withCredentials: boolean, secrets: SecretRedactor): URL {
  const url = URL.canParse(realm) ? new URL(realm) : undefined;
  if (url?.protocol === 'https:') return url;
  if (url?.protocol === 'http:' && registry.protocol === 'http:') {
    const isNear = url.hostname === registry.hostname || (isLoopback(url.host) && isLoopback(registry.host));
    if (isNear || !withCredentials) return url;
  }
  throw new AirgapError(
    'REGISTRY',
    `the registry points to a token service that is not allowed: ${JSON.stringify(secrets.mask(realm).slice(0, 200))}`,
    {
      where: { host: registry.host },
      hint: 'Configure a token service with an https URL, or on the same host for a registry without TLS.',
    },
  );
}

/** Merges the needed scopes with those of the challenge; other kinds of scopes in a challenge replace them. */
function scopes(needed: string, challenged: string | undefined): string[] {
  const own = needed.split(' ').filter(Boolean);
  const named = challenged?.split(' ').filter(Boolean) ?? [];
  if (named.some(scope => !scope.startsWith('repository:'))) return named;
  return [...new Set([...own, ...named])];
}

function tokenRequest(
  realm: URL,
  service: string | undefined,
  scopes: readonly string[],
  credentials: Credentials | undefined,
  signal: AbortSignal | undefined,
): HttpRequest {
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
    return { method: 'POST', url: realm, headers, body: new URLSearchParams(form).toString(), signal };
  }
  const url = new URL(realm);
  for (const [name, value] of Object.entries(fields)) url.searchParams.append(name, value);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  const headers: Record<string, string> = credentials ? { authorization: basic(credentials) } : {};
  return { method: 'GET', url, headers, signal };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
