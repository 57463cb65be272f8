import type { Dispatcher } from 'undici';
import { z } from 'zod';
import { fetchDocument } from '../../http/document.ts';
import { isRedirect, locationOf } from '../../http/location.ts';
import { isLoopback } from '../../http/loopback.ts';
import { responseError } from '../../http/response-error.ts';
import type { HttpRequest, ResponseHead } from '../../http/round-trip.ts';
import { AirgapError } from '../../model/errors.ts';
import { parseJson } from '../../model/parse-json.ts';
import { MemorySink } from '../../store/blob-writer.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import type { Credentials, FoundCredentials } from './credential.ts';
import type { CredentialStore } from './credential-store.ts';
import { type Denial, explainDenial } from './denial.ts';
import { SecretRedactor } from './secret-redactor.ts';
import { basic, tokenRequest } from './token-request.ts';

const MAX_TOKEN_RESPONSE = 1024 * 1024;
const MAX_REDIRECTS = 10;

/** What a header may contain. */
const TOKEN = /^[\x21-\x7e]+$/;

const tokenSchema = z.looseObject({ token: z.string().nullish(), access_token: z.string().nullish() });

/** What a request may access; it selects the credentials and the token. */
export interface Access {
  /** The registry host, with its port if any. */
  readonly host: string;
  /** The repository on that host; empty for the base of the API. */
  readonly repository: string;
  /** The token scope that the request needs; may be empty. */
  readonly scope: string;
}

/** A 401 response of a registry, and its request. */
export interface AuthChallenge extends Access {
  /** The URL of the request. */
  readonly url: URL;
  /** The `WWW-Authenticate` of the response. */
  readonly header: string | string[] | undefined;
  /** The rejected `Authorization`, if any was sent. */
  readonly authorization: string | undefined;
  /** Whether no credentials may be sent: the host was chosen by a redirect. */
  readonly anonymous?: boolean;
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
 * the service is on the same host or on loopback. A redirect of the token service to another origin gets none.
 */
export class Authorizer {
  readonly #dispatcher: Dispatcher;
  readonly #credentials: CredentialStore;
  readonly #entries = new Map<string, TokenEntry>();
  /** Each `Authorization` that was sent, and where its credentials come from. */
  readonly #sources = new Map<string, string>();
  /** Masks all credentials and tokens that were sent. */
  readonly secrets = new SecretRedactor();

  constructor(dispatcher: Dispatcher, credentials: CredentialStore) {
    this.#dispatcher = dispatcher;
    this.#credentials = credentials;
  }

  /** Returns the current header for a host and scope, after any pending token request. */
  async header(host: string, scope: string): Promise<string | undefined> {
    const { pending, header } = this.#entry(`${host} ${scope}`);
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
    const { host, scope, anonymous = false, authorization } = challenge;
    const entry = this.#entry(anonymous ? `anonymous ${host} ${scope}` : `${host} ${scope}`);
    if (entry.pending !== undefined) return entry.pending;
    if (entry.header !== undefined && entry.header !== authorization) return entry.header;
    entry.pending = this.#authorize(challenge, signal);
    try {
      entry.header = await entry.pending;
      return entry.header;
    } finally {
      entry.pending = undefined;
    }
  }

  /** Says who sends an `Authorization`, and where the credentials come from: `user me from /home/me/.docker/config.json`. */
  sourceOf(authorization: string): string | undefined {
    const source = this.#sources.get(authorization);
    // The ID of a license is both user and password.
    return source && this.secrets.mask(source);
  }

  /** Explains why a registry answered 401 or 403. @param authorized whether an `Authorization` was sent */
  async explain(access: Access, status: number, authorized: boolean): Promise<Denial> {
    const denial = await explainDenial({ ...access, status, authorized }, this.#credentials);
    const { note, hint } = denial;
    return { ...denial, note: this.secrets.mask(note), ...(hint ? { hint: this.secrets.mask(hint) } : {}) };
  }

  #entry(key: string): TokenEntry {
    const entry = this.#entries.get(key) ?? {};
    this.#entries.set(key, entry);
    return entry;
  }

  async #authorize(challenge: AuthChallenge, signal: AbortSignal | undefined): Promise<string | undefined> {
    const challenges = parseChallenges(challenge.header);
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    const supportsBasic = challenges.some(({ scheme }) => scheme === 'basic');
    if (!bearer && !supportsBasic) return undefined;
    const credentials = await this.#credentialsFor(challenge, signal);
    const header = await this.#headerFor(challenge, bearer, credentials, signal);
    if (header !== undefined) this.#sources.set(header, describe(credentials));
    return header;
  }

  async #headerFor(
    challenge: AuthChallenge,
    bearer: Challenge | undefined,
    credentials: FoundCredentials | undefined,
    signal: AbortSignal | undefined,
  ): Promise<string | undefined> {
    if (credentials?.registryToken) return `Bearer ${credentials.registryToken}`;
    if (bearer) return `Bearer ${await this.#token(bearer, challenge, credentials, signal)}`;
    return credentials && isBasic(credentials) ? basic(credentials) : undefined;
  }

  async #credentialsFor(
    { host, repository, anonymous }: AuthChallenge,
    signal: AbortSignal | undefined,
  ): Promise<FoundCredentials | undefined> {
    if (anonymous) return undefined;
    const name = repository === '' ? host : `${host}/${repository}`;
    const credentials = await this.#credentials.for(name, signal);
    if (credentials) this.secrets.addCredentials(credentials);
    return credentials;
  }

  async #token(
    bearer: Challenge,
    challenge: AuthChallenge,
    credentials: FoundCredentials | undefined,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    const { secrets } = this;
    const { host, url, scope } = challenge;
    const realm = realmUrl(bearer.parameters.realm ?? '', url, credentials !== undefined, secrets);
    const request = { ...tokenRequest(realm, bearer, scope, credentials), signal };
    const { authorization } = request.headers;
    if (authorization !== undefined) this.#sources.set(authorization, describe(credentials));
    const { head, body } = await this.#fetchToken(request, host);
    if (head.status !== 200) {
      const isDenied = head.status === 401 || head.status === 403;
      const denial = isDenied
        ? await this.explain(challenge, head.status, credentials !== undefined)
        : undefined;
      throw responseError(`get a token from ${realm.host}`, { ...head, secrets, denial }, body, { host });
    }
    const response = tokenSchema.safeParse(parseJson(body));
    const token = response.data?.token || response.data?.access_token;
    if (!token || !TOKEN.test(token))
      throw new AirgapError(
        'REGISTRY',
        `the token service ${realm.host} returned no ${token ? 'valid ' : ''}token`,
        {
          where: { host },
          hint: `Try again; if it persists, contact the administrator of ${realm.host}.`,
        },
      );
    secrets.addToken(token);
    return token;
  }

  /** Sends a token request and follows redirects; credentials stay at the first origin. */
  async #fetchToken(
    first: HttpRequest,
    host: string,
  ): Promise<{ readonly head: ResponseHead; readonly body: Buffer }> {
    let request = first;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
      const sink = new MemorySink(MAX_TOKEN_RESPONSE);
      const head = await fetchDocument(this.#dispatcher, request, () => sink);
      if (!isRedirect(head) || head.headers.location === undefined) return { head, body: sink.bytes };
      request = redirectedRequest(request, locationOf({ ...head, url: request.url }, host), host);
    }
    throw new AirgapError(
      'REGISTRY',
      `the token service ${first.url.host} sent more than ${MAX_REDIRECTS} redirects`,
      { where: { host }, hint: `Fix the redirects of ${first.url.host}.` },
    );
  }
}

function isBasic({ username, password }: Credentials): boolean {
  return username !== '' || password !== '';
}

function describe(credentials: FoundCredentials | undefined): string {
  if (credentials === undefined) return 'an anonymous token';
  const { username, source } = credentials;
  return username === '' ? `a token from ${source}` : `user ${username} from ${source}`;
}

/** An identity token is in the body, which another origin must not get. */
function redirectedRequest(request: HttpRequest, url: URL, host: string): HttpRequest {
  if (url.origin === request.url.origin) return { ...request, url };
  if (request.body !== undefined)
    throw new AirgapError('REGISTRY', `the token service ${request.url.host} redirects to ${url.host}`, {
      where: { host },
      hint: 'Name the new token service in the WWW-Authenticate header: identity tokens do not follow redirects.',
    });
  return { ...request, url, headers: {} };
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
