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

const MAX_TOKEN_ANSWER = 1024 * 1024;
const CLIENT_ID = 'airgap';

const tokenSchema = z.looseObject({ token: z.string().optional(), access_token: z.string().optional() });

/** A request that a registry answered with 401. */
export interface AuthChallenge {
  /** The registry host, with its port when it has one. */
  readonly host: string;
  /** Where the request went. */
  readonly url: URL;
  /** What for, as the token service calls it; empty for none in particular. */
  readonly scope: string;
  /** The answer's `WWW-Authenticate`. */
  readonly challenge: string | string[] | undefined;
  /** The `Authorization` that was refused, if any was sent. */
  readonly authorization: string | undefined;
}

/** The `Authorization` for one host and scope. */
interface TokenEntry {
  header?: string | undefined;
  /** The one request for the next header, for however many transfers wait for it. */
  pending?: Promise<string | undefined> | undefined;
}

/**
 * Answers a registry's challenges with an `Authorization` header: Basic, or Bearer by way of the token service
 * (distribution, "Token Authentication"). A header is kept for each host and scope, and asked for once however
 * many transfers wait for it. Credentials go to the registry that they are for, and to the token service that it
 * names: anywhere over https, because a registry could pass on what it is told anyway; over http only when the
 * registry has no TLS either, and then to its own host or within this machine.
 */
export class Authorizer {
  readonly #dispatcher: Dispatcher;
  readonly #credentials: CredentialStore;
  readonly #entries = new Map<string, TokenEntry>();
  /** What was sent so far, in any form. */
  readonly secrets = new SecretRedactor();

  constructor(dispatcher: Dispatcher, credentials: CredentialStore) {
    this.#dispatcher = dispatcher;
    this.#credentials = credentials;
  }

  /** The header that worked last for this host and scope, or the one that is being asked for. */
  async header(host: string, scope: string): Promise<string | undefined> {
    const { pending, header } = this.#entry(host, scope);
    return pending ?? header;
  }

  /**
   * Answers a 401: with the header that has replaced the refused one already, or with a new one.
   *
   * @returns the header to try next, or nothing when there is none
   * @throws AirgapError `REGISTRY` for a token service that must not be used, `DENIED` when it refuses; `INPUT` when
   * a credential helper fails
   */
  async answer(refusal: AuthChallenge, signal?: AbortSignal): Promise<string | undefined> {
    const slot = this.#entry(refusal.host, refusal.scope);
    if (slot.pending !== undefined) return slot.pending;
    if (slot.header !== undefined && slot.header !== refusal.authorization) return slot.header;
    slot.pending = this.#authorize(refusal, signal);
    try {
      slot.header = await slot.pending;
      return slot.header;
    } finally {
      slot.pending = undefined;
    }
  }

  #entry(host: string, scope: string): TokenEntry {
    const key = `${host} ${scope}`;
    const slot = this.#entries.get(key) ?? {};
    this.#entries.set(key, slot);
    return slot;
  }

  async #authorize(refusal: AuthChallenge, signal: AbortSignal | undefined): Promise<string | undefined> {
    const challenges = parseChallenges(refusal.challenge);
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    const takesBasic = challenges.some(({ scheme }) => scheme === 'basic');
    if (!bearer && !takesBasic) return undefined;
    const credentials = await this.#credentials.for(refusal.host, signal);
    if (credentials) this.secrets.addCredentials(credentials);
    if (bearer) return `Bearer ${await this.#token(bearer, refusal, credentials, signal)}`;
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
    const sink = new MemorySink(MAX_TOKEN_ANSWER);
    const head = await roundTrip(this.#dispatcher, request, () => sink);
    if (head.status !== 200)
      throw responseError(`get a token from ${realm.host}`, { ...head, secrets }, sink.bytes, { host });
    const answer = tokenSchema.safeParse(parseJson(sink.bytes));
    const token = answer.data?.token || answer.data?.access_token;
    if (!token)
      throw new AirgapError('REGISTRY', `the token service ${realm.host} answered without a token`, {
        where: { host },
        hint: `Try again; if it stays, ask whoever runs ${realm.host}.`,
      });
    secrets.addToken(token);
    return token;
  }
}

function basic(credentials: Credentials): string {
  return `Basic ${basicCredentials(credentials)}`;
}

/** A realm must not pull credentials down from TLS to the open, nor off to another host there. */
function realmUrl(realm: string, registry: URL, withCredentials: boolean, secrets: SecretRedactor): URL {
  const url = URL.canParse(realm) ? new URL(realm) : undefined;
  if (url?.protocol === 'https:') return url;
  if (url?.protocol === 'http:' && registry.protocol === 'http:') {
    const near = url.hostname === registry.hostname || (isLoopback(url.host) && isLoopback(registry.host));
    if (near || !withCredentials) return url;
  }
  throw new AirgapError(
    'REGISTRY',
    `the registry names a token service that must not be used: ${JSON.stringify(secrets.mask(realm).slice(0, 200))}`,
    {
      where: { host: registry.host },
      hint: 'It must be an https URL, or be on the same host when the registry has no TLS.',
    },
  );
}

/** What is needed, and what the registry says of it; a registry that speaks of something else knows best. */
function scopes(own: string, asked: string | undefined): string[] {
  const wanted = own.split(' ').filter(Boolean);
  const said = asked?.split(' ').filter(Boolean) ?? [];
  if (said.some(scope => !scope.startsWith('repository:'))) return said;
  return [...new Set([...wanted, ...said])];
}

function tokenRequest(
  realm: URL,
  service: string | undefined,
  scope: readonly string[],
  credentials: Credentials | undefined,
  signal: AbortSignal | undefined,
): HttpRequest {
  const fields = service ? { service } : {};
  if (credentials?.identityToken) {
    const form = {
      ...fields,
      scope: scope.join(' '),
      grant_type: 'refresh_token',
      client_id: CLIENT_ID,
      refresh_token: credentials.identityToken,
    };
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return { method: 'POST', url: realm, headers, body: new URLSearchParams(form).toString(), signal };
  }
  const url = new URL(realm);
  for (const [name, value] of Object.entries(fields)) url.searchParams.append(name, value);
  for (const one of scope) url.searchParams.append('scope', one);
  return { method: 'GET', url, headers: credentials ? { authorization: basic(credentials) } : {}, signal };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
