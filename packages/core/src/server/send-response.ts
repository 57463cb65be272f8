import type { IncomingMessage, ServerResponse } from 'node:http';
import { type BlobRange, type HttpResponse, lengthOf } from './http-response.ts';

const COMMON = { 'Docker-Distribution-Api-Version': 'registry/2.0', 'X-Content-Type-Options': 'nosniff' };

/**
 * Sends an answer, as fast as the client takes it; one that has gone ends it. What fails before the first byte
 * is thrown with nothing sent.
 *
 * @param onSent is told how many bytes more of the body are out
 */
export async function sendResponse(
  { status, headers, body }: HttpResponse,
  { method }: IncomingMessage,
  response: ServerResponse,
  onSent: (bytes: number) => void,
): Promise<void> {
  await turn(response);
  // Not to be had from an answer without a body: that it has none is its meaning.
  const length = status === 304 ? {} : { 'Content-Length': lengthOf(body) };
  // The rest of a write is nobody's: it is not waited for.
  const last = method === 'GET' || method === 'HEAD' ? {} : { Connection: 'close' };
  const head = () => response.writeHead(status, { ...COMMON, ...length, ...last, ...headers });
  if (method === 'HEAD' || lengthOf(body) === 0) head();
  else if (!(await send(body, response, head, onSent))) return;
  response.end();
}

/** Of requests that come back to back, one is answered after the other: nothing is read for those that wait. */
function turn(response: ServerResponse): Promise<void> {
  if (response.socket) return Promise.resolve();
  return new Promise(resolve => response.once('socket', () => resolve()));
}

/** @returns whether the client has taken all of it */
async function send(
  body: Buffer | BlobRange,
  response: ServerResponse,
  head: () => void,
  onSent: (bytes: number) => void,
): Promise<boolean> {
  const chunks = Buffer.isBuffer(body) ? [body].values() : body.content.read(body.range);
  let step = await chunks.next();
  head();
  while (!step.done) {
    // The chunk is overwritten by the next one: it has to be out before.
    if (!(await write(step.value, response))) return false;
    onSent(step.value.length);
    step = await chunks.next();
  }
  return true;
}

/** @returns whether the client has taken it */
function write(chunk: Buffer, response: ServerResponse): Promise<boolean> {
  return new Promise(resolve => {
    const gone = () => resolve(false);
    response.once('close', gone);
    response.write(chunk, error => {
      response.off('close', gone);
      resolve(!error);
    });
  });
}
