import { existsSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, expect, it } from 'vitest';
import { TestRegistry } from '../../../../test/registry/registry.ts';
import { TempDir } from '../../../../test/support/airgap.ts';
import { login } from './login.ts';

const work = new TempDir();
afterAll(() => work[Symbol.dispose]());

it.each<[string, boolean, string]>([
  ['me@example.com', true, 'Pass a user API token of me@example.com'],
  ['ci', true, 'Check the service account token'],
  ['wrong', true, 'Check that the license is not expired'],
  ['me@example.com', false, 'many registries require an access token'],
])('a rejected login of %s (Replicated: %s) says what fits', async (username, isReplicated, hint) => {
  await using registry = await TestRegistry.start({
    auth: { scheme: 'basic', username: 'someone', password: 'secret' },
  });
  const options = {
    registry: registry.host,
    username,
    password: 'wrong',
    dockerConfig: work.file('config.json'),
  };
  const domain = isReplicated ? { registryDomain: registry.host } : {};
  const failed = await login({ ...options, ...domain }).catch(error => error);
  expect(failed).toMatchObject({ code: 'DENIED', hint: expect.stringContaining(hint) });
  expect(existsSync(options.dockerConfig)).toBe(false);
});

/** Logs in to a server that answers every request in the same way. */
async function loginTo(answer: RequestListener): Promise<unknown> {
  const server = createServer(answer);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const registry = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const options = { registry, username: 'me', password: 'pw', dockerConfig: work.file('config.json') };
  try {
    return await login(options).catch(error => error);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

const page = (status: number): RequestListener => {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'text/html' }).end('\n<!DOCTYPE html><html>Welcome</html>');
  };
};
const answer = (status: number, challenge?: string): RequestListener => {
  const headers = challenge === undefined ? {} : { 'www-authenticate': challenge };
  return (_request, response) => response.writeHead(status, headers).end();
};
const toPage: RequestListener = (request, response) => {
  if (request.url === '/login') page(200)(request, response);
  else response.writeHead(302, { location: '/login' }).end();
};

it.each<[string, RequestListener, string, RegExp, RegExp]>([
  ['a web page', page(200), 'NOT_FOUND', /not a registry: its \/v2\/ answered with a web page/, /the port/],
  ['a redirect to a page', toPage, 'NOT_FOUND', /answered with a web page/, /Check the host/],
  ['no API', page(404), 'NOT_FOUND', /not a registry: its \/v2\/ answered 404/, /Check the host/],
  ['a 401 without a challenge', answer(401), 'UNSUPPORTED', /requests no credentials/, /WWW-Authenticate/],
  ['another scheme', answer(401, 'Digest realm="x"'), 'UNSUPPORTED', /requests no credentials/, /WWW-Auth/],
  ['a 403 without a challenge', answer(403), 'UNSUPPORTED', /answered 403/, /WWW-Authenticate/],
  ['a rejection', answer(401, 'Basic realm="x"'), 'DENIED', /rejected the username/, /access token/],
])('a login to %s stores nothing and blames what is wrong', async (_name, listener, code, message, hint) => {
  const error = await loginTo(listener);
  expect(error).toMatchObject({
    code,
    message: expect.stringMatching(message),
    hint: expect.stringMatching(hint),
  });
  expect(existsSync(work.file('config.json'))).toBe(false);
});

it('a registry without authentication, also one that calls its answer HTML, accepts any login', async () => {
  const quay: RequestListener = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('true');
  };
  expect(await loginTo(quay)).toMatchObject({ checked: false, storedIn: work.file('config.json') });
});
