import type { ServerResponse } from 'node:http';
import { imageOf, noiseOf, type TestImage } from '../support/images/image.ts';
import type { Handler } from './registry.ts';
import type { RegistryRequest } from './request.ts';
import { sendError } from './response.ts';

export const layer = noiseOf(1, 3_000_000);
const image = imageOf({ layers: [layer], compression: 'none' });

/** Every host has its own user, named like the host, so that no two hosts share credentials. */
const passwordOf = (host: string) => (host === 'license' ? host : `secret-of-${host}`);
export const basic = (host: string) =>
  `Basic ${Buffer.from(`${host}:${passwordOf(host)}`).toString('base64')}`;
const tokenFor = (authorization: string | undefined) => `token-for-${named(authorization)}`;

/** Describes an `Authorization` header. */
function named(authorization: string | undefined): string {
  if (authorization === undefined) return 'nothing';
  const encoded = /^Basic (.+)$/.exec(authorization)?.[1];
  if (encoded === undefined) return authorization;
  const user = Buffer.from(encoded, 'base64').toString().split(':')[0] ?? '';
  return authorization === basic(user) ? user : `${user} with another password`;
}

/** Describes a request in one line: `https://a.test manifests with nothing`. */
export function describeRequest({ url, authorization, form }: RegistryRequest): string {
  const kind = /\/(manifests|blobs|token)\b/.exec(url.pathname)?.[1] ?? url.pathname;
  const refresh = new URLSearchParams(form).get('refresh_token');
  return `${url.origin} ${kind} with ${refresh ? `the identity token ${refresh}` : named(authorization)}`;
}

/** Serves the image without authentication. */
export function serve({ url }: RegistryRequest, response: ServerResponse, content: TestImage = image): void {
  const blob = content.blobs.get(url.pathname.split('/').at(-1) ?? '');
  response.setHeader('content-type', content.mediaType);
  response.end(blob ?? content.bytes);
}

interface AuthCheck {
  readonly challenge: string;
  readonly expected: string;
}
export const basicAuth = (host: string): AuthCheck => ({
  challenge: 'Basic realm="test"',
  expected: basic(host),
});
export const bearerAuth = (realm: string, host: string): AuthCheck => ({
  challenge: `Bearer realm="${realm}/token",service="test"`,
  expected: `Bearer ${tokenFor(basic(host))}`,
});

/** Answers 401 with the challenge unless the request has the expected `Authorization`. */
export function authenticated({ challenge, expected }: AuthCheck, then: Handler = serve): Handler {
  return (request, response) => {
    if (request.authorization === expected) return then(request, response);
    response.setHeader('www-authenticate', challenge);
    sendError(response, 401, 'UNAUTHORIZED', 'log in');
  };
}

/** Sends its challenge at the base of the API only, and answers anonymous requests elsewhere with a status alone. */
export function challengingAtBase({ challenge, expected }: AuthCheck, status: number): Handler {
  return (request, response) => {
    if (request.authorization === expected) return serve(request, response);
    if (request.url.pathname === '/v2/') response.writeHead(401, { 'www-authenticate': challenge }).end();
    else response.writeHead(status).end();
  };
}

/** Redirects every request to another origin. */
export function movedTo(to: string): Handler {
  return ({ url }, response) => response.writeHead(307, { location: to + url.pathname + url.search }).end();
}

/** Redirects blob requests to another origin. */
export function redirecting(to: string): Handler {
  return (request, response) => {
    if (!request.url.pathname.includes('/blobs/')) return serve(request, response);
    response.writeHead(307, { location: to + request.url.pathname }).end();
  };
}

/** A token service whose tokens name the user. */
export const tokens: Handler = ({ authorization }, response) => {
  response.end(JSON.stringify({ token: tokenFor(authorization) }));
};

/** A registry with its own token service. */
export function withTokens(origin: string, host: string): Handler {
  const registry = authenticated(bearerAuth(origin, host));
  return (request, response) => (request.url.pathname === '/token' ? tokens : registry)(request, response);
}

export const notFound: Handler = (_request, response) =>
  sendError(response, 404, 'MANIFEST_UNKNOWN', 'not here');

/** Redirects blob requests to `/back` on the same host, and serves them there. */
export function redirectingWithin(to: string): Handler {
  const direct = redirecting(to);
  return (request, response) =>
    request.url.pathname.startsWith('/back') ? serve(request, response) : direct(request, response);
}

/** Serves an image whose layer has `urls` at another origin. */
export function withForeignLayer(origin: string): Handler {
  const manifest = JSON.parse(image.bytes.toString());
  manifest.layers[0].urls = [`${origin}/v2/team/app/blobs/${manifest.layers[0].digest}`];
  const bytes = Buffer.from(JSON.stringify(manifest));
  return (request, response) => serve(request, response, { ...image, bytes });
}
