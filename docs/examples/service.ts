// A service that streams a bundle of one image: node service.js PORT [MIRROR], then GET /bundle?image=NAME
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AirgapError, build, type ErrorCode, plan, Reference } from '@airgap/core';

const [port = '8080', mirror] = process.argv.slice(2);
const mirrors = mirror === undefined ? {} : { 'docker.io': mirror };
/** The status of errors before the first byte; 502 for all others. */
const STATUS: Partial<Record<ErrorCode, number>> = { USAGE: 400, INPUT: 400, NOT_FOUND: 404 };

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://service');
  const image = searchParams.get('image');
  if (request.method !== 'GET' || pathname !== '/bundle' || image === null)
    sendError(response, 404, { code: 'USAGE', message: 'GET /bundle?image=NAME' });
  else sendBundle(image, response).catch(error => fail(response, error));
});

async function sendBundle(image: string, response: ServerResponse): Promise<void> {
  const stopper = new AbortController();
  // After the last byte this does nothing; before, the client has disconnected.
  response.on('close', () => stopper.abort());
  const { signal } = stopper;
  const name = Reference.parse(image).toString();
  const planned = await plan({ specs: [{ file: 'request', text: name }], mirrors, signal });
  response.setHeader('content-type', 'application/x-tar');
  response.setHeader('content-length', planned.bundleSize);
  await build({ plan: planned, output: response, mirrors, signal });
  response.end();
}

/** A bundle that has begun can only be cut off: the client receives less than Content-Length. */
function fail(response: ServerResponse, error: unknown): void {
  const { code, message } =
    error instanceof AirgapError ? error : { code: 'INTERNAL', message: String(error) };
  process.stderr.write(`${code}: ${message}\n`);
  if (response.headersSent) response.destroy();
  else sendError(response, STATUS[code as ErrorCode] ?? 502, { code, message });
}

function sendError(response: ServerResponse, status: number, error: { code: string; message: string }): void {
  response.removeHeader('content-length');
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(error)}\n`);
}

server.listen(Number(port), '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
