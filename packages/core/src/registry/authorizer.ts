import type { Dispatcher } from 'undici';
import { z } from 'zod';
import { MemorySink } from '../content/sink.ts';
import { AirgapError } from '../errors.ts';
import { exchange, type HttpRequest } from '../http/exchange.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import type { CredentialStore, Credentials } from './credentials.ts';
import type { Endpoint } from './endpoint.ts';
import { failure } from './failure.ts';

const MAX_TOKEN_ANSWER = 1024 * 1024;
const CLIENT_ID = 'airgap';

const tokenSchema = z.looseObject({ token: z.string().optional(), access_token: z.string().optional() });

/** A 401, and what was asked for. */
interface Refusal {
  readonly endpoint: Endpoint;
  readonly scope: string;
  /** The `WWW-Authenticate` header. */
  readonly challenge: string | string[] | undefined;
  /** Whether the registry was asked over TLS. */
  readonly secure: boolean;
  /** The header that was not good enough. */
  readonly refused: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Answers a registry's challenges with an `Authorization` header: Basic, or Bearer by way of the token service
 * (distribution, "Token Authentication"). A header is kept for each host and scope, and asked for once however
 * many transfers wait for it. Credentials go to the registry that they are for and to the realm it names.
 */
export class Authorizer {
  readonly #dispatcher: Dispatcher;
  readonly #credentials: CredentialStore;
  readonly #headers = new Map<string, Promise<string | undefined>>();

  constructor(dispatcher: Dispatcher, credentials: CredentialStore) {
    this.#dispatcher = dispatcher;
    this.#credentials = credentials;
  }

  /** The header that worked last for this host and scope. */
  async header(host: string, scope: string): Promise<string | undefined> {
    return this.#headers.get(key(host, scope));
  }

  /**
   * Answers a 401. The `refused` header is thrown away first, unless another transfer has replaced it already.
   *
   * @returns the header to try next, or nothing when there is none
   */
  async answer({
    endpoint,
    scope,
    challenge,
    secure,
    refused,
    signal,
  }: Refusal): Promise<string | undefined> {
    const { host, credentialHosts } = endpoint;
    const slot = key(host, scope);
    const known = await this.#headers.get(slot);
    if (known !== undefined && known !== refused) return known;
    const credentials = credentialHosts.map(one => this.#credentials.for(one)).find(one => one !== undefined);
    const header = this.#authorize(parseChallenges(challenge), host, scope, credentials, secure, signal);
    this.#headers.set(slot, header);
    header.catch(() => this.#headers.delete(slot));
    return header;
  }

  async #authorize(
    challenges: Challenge[],
    host: string,
    scope: string,
    credentials: Credentials | undefined,
    secure: boolean,
    signal: AbortSignal | undefined,
  ): Promise<string | undefined> {
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    if (bearer) return `Bearer ${await this.#token(bearer, host, scope, credentials, secure, signal)}`;
    if (challenges.some(({ scheme }) => scheme === 'basic') && credentials) return basic(credentials);
    return undefined;
  }

  async #token(
    { parameters }: Challenge,
    host: string,
    scope: string,
    credentials: Credentials | undefined,
    secure: boolean,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    const url = realmUrl(parameters.realm ?? '', host, secure);
    const request = tokenRequest(url, parameters.service, parameters.scope ?? scope, credentials, signal);
    const sink = new MemorySink(MAX_TOKEN_ANSWER);
    const head = await exchange(this.#dispatcher, request, () => sink);
    if (head.status !== 200) throw failure('get a token', head, sink.bytes, { host: url.host });
    const answer = tokenSchema.safeParse(parseJson(sink.bytes));
    const token = answer.data?.token || answer.data?.access_token;
    if (!token)
      throw new AirgapError('REGISTRY', 'the token service answered without a token', {
        where: { host: url.host },
        hint: `Try again; if it stays, ask whoever runs ${url.host}.`,
      });
    return token;
  }
}

function key(host: string, scope: string): string {
  return `${host} ${scope}`;
}

function basic({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** A realm must not pull credentials down from TLS to the open. */
function realmUrl(realm: string, host: string, secure: boolean): URL {
  const url = URL.canParse(realm) ? new URL(realm) : undefined;
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && !secure)) return url;
  throw new AirgapError(
    'REGISTRY',
    `the registry names a token service that cannot be used: ${JSON.stringify(realm.slice(0, 200))}`,
    {
      where: { host },
      hint: 'It must be an https URL when the registry has TLS.',
    },
  );
}

function tokenRequest(
  realm: URL,
  service: string | undefined,
  scope: string,
  credentials: Credentials | undefined,
  signal: AbortSignal | undefined,
): HttpRequest {
  const fields = { ...(service ? { service } : {}), scope };
  if (credentials?.identityToken) {
    const form = {
      ...fields,
      grant_type: 'refresh_token',
      client_id: CLIENT_ID,
      refresh_token: credentials.identityToken,
    };
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return { method: 'POST', url: realm, headers, body: new URLSearchParams(form).toString(), signal };
  }
  const url = new URL(realm);
  for (const [name, value] of Object.entries(fields)) url.searchParams.append(name, value);
  return { method: 'GET', url, headers: credentials ? { authorization: basic(credentials) } : {}, signal };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
