import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delta, serve, sign } from '@airgap/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { airgap, TempDir } from '../support/airgap.ts';
import { buildBundle, entriesOf, joinEntries } from '../support/bundle.ts';
import { imageOf, noiseLayer, noiseOf } from '../support/images/image.ts';
import { makeCertificates } from '../support/programs/certificates.ts';
import { lacks, output } from '../support/programs/program.ts';
import { passwordFile, WebServer } from '../support/programs/web-server.ts';

const MIB = 1024 * 1024;
/** Four bases, which both bundles have, and one layer of their own. */
const bases = [0, 1, 2, 3].map(seed => noiseOf(seed, 5 * MIB));
const images = (own: number) => ({
  'team/app:1': imageOf({ layers: [...bases.slice(0, 2), noiseOf(own, MIB)] }),
  'team/other:1': imageOf({ layers: bases.slice(2) }),
});

const work = new TempDir();
const files = work.file('files');
const path = (name: string) => `${files}/${name}`;
let web: WebServer;
let ca: string;

describe.skipIf(lacks('bundles on web servers', 'nginx', 'openssl'))('a bundle on a web server', () => {
  beforeAll(async () => {
    mkdirSync(files);
    const certificates = await makeCertificates(work.path);
    ca = certificates.ca;
    await buildBundle(images(10), path('app-1.0.tar'));
    await buildBundle(images(11), path('app-1.1.tar'));
    await delta({
      bases: [path('app-1.0.tar')],
      new: path('app-1.1.tar'),
      output: path('app-1.1.delta.tar'),
    });
    await output(
      'openssl',
      'ecparam',
      '-name',
      'prime256v1',
      '-genkey',
      '-noout',
      '-out',
      work.file('key.pem'),
    );
    await output('openssl', 'ec', '-in', work.file('key.pem'), '-pubout', '-out', work.file('vendor.pub'));
    await sign({ bundle: path('app-1.1.tar'), key: work.file('key.pem') });
    writeFileSync(path('index.html'), '<html>not here</html>');
    mkdirSync(path('foreign'));
    // Another tool may write the entries in any order.
    const [layout, ...others] = entriesOf(readFileSync(path('app-1.1.tar')));
    if (layout) writeFileSync(path('foreign/app.tar'), joinEntries([...others, layout]));
    const passwords = passwordFile(work.path, 'user', 'p@ssword');
    web = await WebServer.start(
      work.path,
      files,
      certificates.server,
      `location /moved/ { rewrite ^/moved/(.*)$ /$1 redirect; }
       location /pages/ { alias ${files}/; error_page 404 =200 /index.html; }
       location /plain/ { rewrite ^/plain/(.*)$ http://127.0.0.1:9/$1 redirect; }
       location /private/ { alias ${files}/; auth_basic x; auth_basic_user_file ${passwords}; }
       location /whole/ { alias ${files}/; max_ranges 0; }
       location /link/ { if ($arg_token != "a-secret-token") { return 403; } alias ${files}/; }`,
    );
  });
  afterAll(async () => {
    await web?.[Symbol.asyncDispose]();
    work[Symbol.dispose]();
  });

  const run = (...args: string[]) => airgap([...args, '--ca', ca]);

  it('is inspected with one request for its head, and one for its checksums', async () => {
    const before = web.responses('/').length;
    const url = `${web.https}/app-1.0.tar`;
    const { status, stdout, stderr } = await run('inspect', url, '--json');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const local = await run('inspect', path('app-1.0.tar'), '--json');
    expect(JSON.parse(String(stdout))).toEqual({ ...JSON.parse(String(local.stdout)), path: url });
    const connection = expect.any(String);
    expect(web.responses('/').slice(before)).toEqual([
      { connection, status: 206, bytes: MIB, path: '/app-1.0.tar' },
      { connection, status: 404, bytes: expect.any(Number), path: '/app-1.0.tar.sha256' },
    ]);
  });

  it('is found by a URL with its scheme in upper case', async () => {
    const { status, stdout } = await run('inspect', `${web.https.replace('https', 'HTTPS')}/app-1.0.tar`);
    expect(String(stdout)).toContain('team/app:1');
    expect(status).toBe(0);
  });

  it.each<[string, Buffer, string]>([
    ['a web page', Buffer.from('\n<!DOCTYPE html><html>'), 'not a tar file: a web page (HTML)'],
    ['gzip', Buffer.from('1f8b0800', 'hex'), 'not a tar file: compressed with gzip'],
    ['zip', Buffer.from('504b0304', 'hex'), 'not a tar file: a zip archive'],
    ['other bytes', Buffer.from('\x01\x02'), 'not a tar file: invalid tar header'],
    ['zeros', Buffer.alloc(0), 'index.json is missing'],
  ])('is not read to its end when it is %s', async (name, start, message) => {
    const file = `${name.replace(' ', '-')}.tar`;
    writeFileSync(path(file), Buffer.concat([start, Buffer.alloc(20 * MIB)]));
    const { status, stdout, stderr } = await run('verify', `${web.https}/${file}`);
    expect(String(stdout) + stderr).toContain(message);
    expect(status).toBe(1);
    const bytes = web.responses(`/${file}`).map(response => response.bytes);
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(2 * MIB);
  });

  it('is verified against its signed checksums, each byte read once', async () => {
    const before = web.responses('/app-1.1.tar').length;
    const url = `${web.https}/app-1.1.tar`;
    const { status, stdout, stderr } = await run('verify', url, '--public-key', work.file('vendor.pub'));
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.any(String) });
    expect(String(stdout)).toContain('OK');
    const responses = web.responses('/app-1.1.tar').slice(before);
    const bytes = responses.filter(({ path }) => path === '/app-1.1.tar').map(response => response.bytes);
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBe(statSync(path('app-1.1.tar')).size);
  });

  it('is compared with the diff IDs of its layers', async () => {
    const layer = await noiseLayer('compressed', 100_000);
    const wrong = imageOf({ layers: [layer], diffIds: [`sha256:${'0'.repeat(64)}`] });
    await buildBundle({ 'team/wrong:1': wrong }, path('wrong.tar'));
    const local = await run('verify', path('wrong.tar'), '--diff-ids', '--json');
    const remote = await run('verify', `${web.https}/wrong.tar`, '--diff-ids', '--json');
    const { problems } = JSON.parse(String(local.stdout));
    expect(problems).toHaveLength(1);
    expect([remote.status, JSON.parse(String(remote.stdout)).problems]).toEqual([1, problems]);
  });

  it('is refused by its head when the checksums are those of another one', async () => {
    copyFileSync(path('app-1.0.tar'), path('swapped.tar'));
    for (const suffix of ['.sha256', '.sha256.sigstore.json'])
      copyFileSync(path(`app-1.1.tar${suffix}`), path(`swapped.tar${suffix}`));
    const url = `${web.https}/swapped.tar`;
    const { status, stderr } = await run('verify', url, '--public-key', work.file('vendor.pub'));
    expect(status).toBe(4);
    expect(stderr).toContain('swapped.tar');
    expect(web.responses('/swapped.tar').filter(({ path }) => path === '/swapped.tar')).toHaveLength(1);
  });

  it.each([
    [
      'a changed byte of a layer',
      (tar: Buffer) => void tar.writeUInt8((tar[15 * MIB] ?? 0) ^ 1, 15 * MIB),
      /digest mismatch/,
    ],
    ['a missing end', undefined, /truncated|ends/],
  ])('is found damaged: %s', async (_name, change, message) => {
    const tar = readFileSync(path('app-1.0.tar'));
    change?.(tar);
    writeFileSync(path('damaged.tar'), change ? tar : tar.subarray(0, 12 * MIB));
    const { status, stdout, stderr } = await run('verify', `${web.https}/damaged.tar`);
    expect(status).toBe(1);
    expect(`${stdout}${stderr}`).toMatch(message);
  });

  it('is compared with another one without reading layers', async () => {
    const { status, stdout } = await run(
      'diff',
      `${web.https}/app-1.0.tar`,
      `${web.https}/app-1.1.tar`,
      '--json',
    );
    expect(status).toBe(1);
    expect(JSON.parse(String(stdout)).changed).toHaveLength(1);
  });

  it('is loaded into a registry, each layer read once', async () => {
    await using registry = await TestRegistry.start();
    const before = web.responses('/app-1.1.tar').length;
    const url = `${web.https}/app-1.1.tar`;
    const { status, stderr } = await run('load', url, registry.host);
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.any(String) });
    const read = web.responses('/app-1.1.tar').slice(before);
    const bytes = read.reduce((sum, response) => sum + response.bytes, 0);
    expect(bytes).toBeLessThan(statSync(path('app-1.1.tar')).size + 100_000);
    const again = await run('load', url, registry.host, '--json');
    expect(JSON.parse(String(again.stdout)).uploaded.blobs).toBe(0);
  });

  it('is served, by ranges and completely', async () => {
    const pem = readFileSync(ca, 'utf8');
    const listen = { host: '127.0.0.1', port: 0 };
    await using serving = await serve({ bundles: [`${web.https}/app-1.0.tar`], listen, ca: [{ pem }] });
    const [layer] = bases as [(typeof bases)[0]];
    const url = `${serving.url}/v2/team/app/blobs/${layer.diffId}`;
    const before = web.responses('/app-1.0.tar').length;
    const part = await fetch(url, { headers: { range: 'bytes=3000000-3000999' } });
    expect(Buffer.from(await part.arrayBuffer()).equals(layer.bytes.subarray(3_000_000, 3_001_000))).toBe(
      true,
    );
    const bytes = web.responses('/app-1.0.tar').slice(before);
    expect(bytes.reduce((sum, response) => sum + response.bytes, 0)).toBeLessThan(100_000);
    const complete = await fetch(url);
    expect(Buffer.from(await complete.arrayBuffer()).equals(layer.bytes)).toBe(true);
  });

  it('is the base of a delta, which is a file, and the other way round', async () => {
    const made = work.file('made.tar');
    for (const [base, change] of [
      [`${web.https}/app-1.0.tar`, path('app-1.1.delta.tar')],
      [path('app-1.0.tar'), `${web.https}/app-1.1.delta.tar`],
    ] as const) {
      const { status, stderr } = await run('merge', base, change, '-o', made);
      expect({ status, stderr }).toEqual({ status: 0, stderr: expect.any(String) });
      expect(readFileSync(made).equals(readFileSync(path('app-1.1.tar')))).toBe(true);
      rmSync(made);
    }
    const checked = await run(
      'verify',
      `${web.https}/app-1.1.delta.tar`,
      '--base',
      `${web.https}/app-1.0.tar`,
    );
    expect(checked.status).toBe(0);
  });

  it.concurrent.each([
    ['over HTTP from this machine', () => `${web.http}/app-1.0.tar`],
    ['after a redirect', () => `${web.https}/moved/app-1.0.tar`],
    ['with a login in the URL', () => `${web.https.replace('//', '//user:p%40ssword@')}/private/app-1.0.tar`],
    ['with a signed link', () => `${web.https}/link/app-1.0.tar?token=a-secret-token`],
    ['with its entries in another order', () => `${web.https}/foreign/app.tar`],
  ])('is read %s', async (_name, url) => {
    const { status, stdout, stderr } = await run('inspect', url());
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.any(String) });
    expect(String(stdout)).toContain('registry.test/team/app:1');
    expect(`${stdout}${stderr}`).not.toMatch(/a-secret-token|ssword/);
  });

  it('is verified where the server has a page for each name', async () => {
    const { status, stderr } = await run('verify', `${web.https}/pages/app-1.0.tar`);
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: expect.stringContaining('app-1.0.tar.sha256 is not a file of checksums, and is ignored'),
    });
  });

  it.concurrent.each<[string, () => string, number, RegExp]>([
    ['a missing file', () => '/none.tar', 2, /no such file: localhost:\d+ answered 404/],
    ['a part', () => '/app-1.0.tar.001', 2, /parts are not read from a URL/],
    ['a missing login', () => '/private/app-1.0.tar', 2, /access denied: localhost:\d+ answered 401/],
    ['an expired link', () => '/link/app-1.0.tar?token=old-secret', 2, /access denied.*\n.*signed link/s],
    ['a redirect without TLS', () => '/plain/app-1.0.tar', 3, /a redirect leads from https to http/],
    [
      'a server without ranges',
      () => '/whole/app-1.0.tar',
      2,
      /does not serve ranges: localhost:\d+ answered 200/,
    ],
  ])('says what is wrong: %s', async (_name, url, expected, message) => {
    const { status, stderr } = await run('inspect', `${web.https}${url()}`);
    expect({ status, stderr }).toEqual({ status: expected, stderr: expect.stringMatching(message) });
    expect(stderr).not.toContain('old-secret');
  });

  it('needs a trusted certificate, and TLS on other hosts', async () => {
    const untrusted = await airgap(['inspect', `${web.https}/app-1.0.tar`]);
    expect(untrusted.status).toBe(3);
    expect(untrusted.stderr).toContain('is not trusted');
    const plain = await airgap(['inspect', 'http://192.0.2.1/app.tar']);
    expect(plain.status).toBe(2);
    expect(plain.stderr).toContain('--plain-http 192.0.2.1');
  });
});
