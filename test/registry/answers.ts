import type { ServerResponse } from 'node:http';
import { imageOf, noiseOf, type TestImage } from '../images/image.ts';
import { sendError } from './registry.ts';
import type { Answer, Asked } from './witness.ts';

export const layer = noiseOf(1, 3_000_000);
const image = imageOf({ layers: [layer], compression: 'none' });

/** Every host has its own user, called as the host, so that nobody's credentials look like another's. */
const passwordOf = (host: string) => (host === 'license' ? host : `secret-of-${host}`);
export const basic = (host: string) =>
  `Basic ${Buffer.from(`${host}:${passwordOf(host)}`).toString('base64')}`;
const tokenFor = (authorization: string | undefined) => `token-for-${named(authorization)}`;

/** An `Authorization` in words. */
function named(authorization: string | undefined): string {
  const [, encoded] = /^Basic (.+)$/.exec(authorization ?? '') ?? [];
  if (encoded === undefined) return authorization ?? 'nothing';
  const [user = ''] = Buffer.from(encoded, 'base64').toString().split(':');
  return authorization === basic(user) ? user : `${user} with another password`;
}

/** What was asked of whom, and with what: `https://a.test manifest with nothing`. */
export function line({ url, authorization, body }: Asked): string {
  const kind = /\/(manifests|blobs|token)\b/.exec(url.pathname)?.[1] ?? url.pathname;
  const refresh = new URLSearchParams(body).get('refresh_token');
  return `${url.origin} ${kind} with ${refresh ? `the identity token ${refresh}` : named(authorization)}`;
}

/** Has the image, for everybody. */
export function serve({ url }: Asked, response: ServerResponse, content: TestImage = image): void {
  const blob = content.blobs.get(url.pathname.split('/').at(-1) ?? '');
  response.setHeader('content-type', content.mediaType);
  response.end(blob ?? content.bytes);
}

interface Lock {
  readonly challenge: string;
  readonly wants: string;
}
export const basicLock = (host: string): Lock => ({ challenge: 'Basic realm="test"', wants: basic(host) });
export const bearerLock = (realm: string, host: string): Lock => ({
  challenge: `Bearer realm="${realm}/token",service="test"`,
  wants: `Bearer ${tokenFor(basic(host))}`,
});

/** Answers those who have the key; the others get the challenge. */
export function locked({ challenge, wants }: Lock, then: Answer = serve): Answer {
  return (asked, response) => {
    if (asked.authorization === wants) return then(asked, response);
    response.setHeader('www-authenticate', challenge);
    sendError(response, 401, 'UNAUTHORIZED', 'log in');
  };
}

/** Sends everybody who asks for a blob elsewhere. */
export function redirecting(to: string): Answer {
  return (asked, response) => {
    if (!asked.url.pathname.includes('/blobs/')) return serve(asked, response);
    response.writeHead(307, { location: to + asked.url.pathname }).end();
  };
}

/** Makes tokens that say who they were made for. */
export const tokens: Answer = ({ authorization }, response) => {
  response.end(JSON.stringify({ token: tokenFor(authorization) }));
};

/** A registry that is its own token service. */
export function withTokens(origin: string, host: string): Answer {
  const closed = locked(bearerLock(origin, host));
  return (asked, response) => (asked.url.pathname === '/token' ? tokens : closed)(asked, response);
}

export const absent: Answer = (_asked, response) => sendError(response, 404, 'MANIFEST_UNKNOWN', 'not here');

/** Leads to another place on the same host, and from there on. */
export function around(by: string): Answer {
  const direct = redirecting(by);
  return (asked, response) =>
    asked.url.pathname.startsWith('/back') ? serve(asked, response) : direct(asked, response);
}

/** The image, with another place for its layer. */
export function foreign(origin: string): Answer {
  const manifest = JSON.parse(image.bytes.toString());
  manifest.layers[0].urls = [`${origin}/v2/team/app/blobs/${manifest.layers[0].digest}`];
  const bytes = Buffer.from(JSON.stringify(manifest));
  return (asked, response) => serve(asked, response, { ...image, bytes });
}
