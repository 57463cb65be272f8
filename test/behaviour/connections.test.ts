import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { load } from '@airgap/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TempDir } from '../support/airgap.ts';
import { buildBundle } from '../support/bundle.ts';
import { imageOf, noiseOf, sha256 } from '../support/images/image.ts';
import { type Certificates, makeCertificates } from '../support/programs/certificates.ts';
import { missingPrograms } from '../support/programs/program.ts';

const missing = missingPrograms('openssl');
if (missing.length > 0)
  process.stderr.write(`\nSKIPPED: connections over TLS, missing ${missing.join(', ')}\n`);

const BLOBS = 61;

/** The push side of a registry with TLS, and the connections that were opened to it. */
class TlsRegistry implements AsyncDisposable {
  readonly connections = new Set<Socket>();
  requests = 0;
  /** Path of a tag, or digest → digest. */
  readonly #stored = new Map<string, string>();
  readonly #server: Server;

  constructor({ cert, key }: Certificates['server']) {
    this.#server = createServer(
      { cert: readFileSync(cert), key: readFileSync(key) },
      async (request, response) => {
        this.requests += 1;
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        const { pathname, searchParams } = new URL(request.url ?? '', 'https://registry');
        const body = Buffer.concat(chunks);
        if (request.method === 'POST') response.writeHead(202, { location: `${pathname}session` }).end();
        else if (request.method === 'PUT') {
          const digest = searchParams.get('digest') ?? sha256(body);
          this.#stored.set(digest, digest).set(pathname, digest);
          response.writeHead(201).end();
        } else if (pathname === '/v2/') response.end('{}');
        else this.#sendHead(pathname, response);
      },
    );
    this.#server.on('secureConnection', socket => this.connections.add(socket));
  }

  #sendHead(pathname: string, response: import('node:http').ServerResponse): void {
    const digest = this.#stored.get(pathname.split('/').at(-1) ?? '') ?? this.#stored.get(pathname);
    if (digest === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'docker-content-digest': digest }).end();
  }

  async listen(): Promise<string> {
    await new Promise<void>(resolve => this.#server.listen(0, '127.0.0.1', resolve));
    return `localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }
}

describe.skipIf(missing.length > 0)('a load over TLS', () => {
  const work = new TempDir();
  let certificates: Certificates;
  beforeAll(async () => {
    certificates = await makeCertificates(work.path);
    // With the config, it has 61 blobs.
    const layers = Array.from({ length: BLOBS - 1 }, (_, seed) => noiseOf(seed + 1, 500));
    await buildBundle({ 'team/app:1': imageOf({ layers, compression: 'none' }) }, work.file('bundle.tar'));
  });
  afterAll(() => work[Symbol.dispose]());

  it.each([4, 8, 24])('of 61 small blobs opens fewer connections than 3 times %i', async concurrency => {
    await using registry = new TlsRegistry(certificates.server);
    const host = await registry.listen();
    const result = await load({
      bundle: work.file('bundle.tar'),
      target: host,
      concurrency,
      ca: [{ pem: readFileSync(certificates.ca, 'utf8') }],
    });
    expect(result).toMatchObject({ uploaded: { blobs: BLOBS } });
    expect(registry.requests).toBeGreaterThan(4 * BLOBS);
    expect(registry.connections.size).toBeLessThan(3 * concurrency);
  });
});
