import type { IncomingMessage, ServerResponse } from 'node:http';
import { type BlobRange, bodyLength, type HttpResponse } from './http-response.ts';

const COMMON = { 'Docker-Distribution-Api-Version': 'registry/2.0', 'X-Content-Type-Options': 'nosniff' };

/**
 * Sends a response with backpressure, and stops when the client disconnects. An error before the first byte is thrown
 * before anything is sent.
 *
 * @param onSent receives the number of body bytes of each write
 */
export async function sendResponse(
  { status, headers, body }: HttpResponse,
  { method }: IncomingMessage,
  response: ServerResponse,
  onSent: (bytes: number) => void,
): Promise<void> {
  await socketAssigned(response);
  // The Content-Length of a 304 would have to be that of the 200 response.
  const length = status === 304 ? {} : { 'Content-Length': bodyLength(body) };
  // The body of a push request is not read.
  const connection = method === 'GET' || method === 'HEAD' ? {} : { Connection: 'close' };
  const writeHead = () => response.writeHead(status, { ...COMMON, ...length, ...connection, ...headers });
  if (method === 'HEAD' || bodyLength(body) === 0) writeHead();
  else if (!(await sendBody(body, response, writeHead, onSent))) return;
  response.end();
}

/** Waits until earlier pipelined requests are finished, so that no blob is read for a request that has to wait. */
function socketAssigned(response: ServerResponse): Promise<void> {
  if (response.socket) return Promise.resolve();
  return new Promise(resolve => response.once('socket', () => resolve()));
}

/** @returns whether the client received all of the body */
async function sendBody(
  body: Buffer | BlobRange,
  response: ServerResponse,
  writeHead: () => void,
  onSent: (bytes: number) => void,
): Promise<boolean> {
  const chunks = Buffer.isBuffer(body) ? [body].values() : body.blob.read(body.range);
  let step = await chunks.next();
  writeHead();
  while (!step.done) {
    // The next chunk reuses the buffer, so this one must be written first.
    if (!(await write(step.value, response))) return false;
    onSent(step.value.length);
    step = await chunks.next();
  }
  return true;
}

/** @returns whether the chunk was written before the client disconnected */
function write(chunk: Buffer, response: ServerResponse): Promise<boolean> {
  return new Promise(resolve => {
    const onClose = () => resolve(false);
    response.once('close', onClose);
    response.write(chunk, error => {
      response.off('close', onClose);
      resolve(!error);
    });
  });
}
