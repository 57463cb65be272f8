import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { airgap, TempDir } from '../support/airgap.ts';
import { buildBundle } from '../support/bundle.ts';
import { imageOf, noiseLayer } from '../support/images/image.ts';
import { findProgram, lacks, output } from '../support/programs/program.ts';

const VECTORS = fileURLToPath(new URL('../vectors/signing/', import.meta.url));
const PASSWORD = { COSIGN_PASSWORD: 'secret' };
const KEYS = [
  'cosign.key',
  'ec-pkcs8.pem',
  'ec-sec1.pem',
  'ec-encrypted.pem',
  'rsa-pkcs1.pem',
  'ed25519.pem',
];
const COSIGN_KEYS = [
  'cosign',
  'imported-ec-pkcs8',
  'imported-ec-sec1',
  'imported-rsa-pkcs1',
  'imported-ed25519',
];

const work = new TempDir();
const file = (name: string) => work.file(name);
const sums = file('bundle.tar.sha256');
const signature = file('bundle.tar.sha256.sigstore.json');
afterAll(() => work[Symbol.dispose]());
beforeAll(async () => {
  await buildBundle(
    { 'team/app:1': imageOf({ layers: [await noiseLayer('signed', 100_000)] }) },
    file('bundle.tar'),
  );
});

async function sign(key: string): Promise<string> {
  const { status, stderr } = await airgap(['sign', 'bundle.tar', '--key', VECTORS + key], {
    cwd: work.path,
    env: PASSWORD,
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return `${VECTORS}${key.replace(/\.[a-z]+$/, '.pub')}`;
}

async function accepts(publicKey: string, ...flags: string[]): Promise<void> {
  const { status, stderr } = await airgap(['verify', 'bundle.tar', '--public-key', publicKey, ...flags], {
    cwd: work.path,
  });
  expect(stderr).not.toContain('error');
  expect(status).toBe(0);
}

/** Runs a shell command in the folder of the bundle. */
const shell = (command: string) => output('sh', '-c', `cd "${work.path}" && ${command}`);

describe.skipIf(lacks('sums with busybox', 'busybox'))('the checksums', () => {
  it('are checked by sha256sum of GNU and of busybox', async () => {
    await sign('cosign.key');
    for (const program of ['sha256sum', 'busybox sha256sum'])
      expect(await shell(`${program} -c bundle.tar.sha256`)).toBe(
        'bundle.tar: OK\nbundle.tar.index.json: OK\n',
      );
  });

  it('that sha256sum made are accepted', async () => {
    await shell('cp bundle.tar copy.tar && sha256sum copy.tar > copy.tar.sha256');
    const { status, stdout } = await airgap(['verify', 'copy.tar'], { cwd: work.path });
    expect(status).toBe(0);
    expect(String(stdout)).toContain('listed in copy.tar.sha256 (not signed)');
  });
});

describe.each(KEYS)('signed with %s', key => {
  it('the checksums are verified by the openssl commands of the guide', async () => {
    const publicKey = await sign(key);
    copyFileSync(publicKey, file('vendor.pub'));
    const guide = readFileSync(new URL('../../docs/guides/customer.md', import.meta.url), 'utf8');
    const command = (start: string) => guide.split('\n').find(line => line.startsWith(start)) ?? '';
    await shell(command('sed -n'));
    const check = key.startsWith('ed25519') ? 'openssl pkeyutl' : 'openssl dgst -sha256 -verify';
    expect(await shell(command(check))).toMatch(/Verified OK|Signature Verified Successfully/);
    await accepts(publicKey);
  });
});

describe.skipIf(lacks('signatures of minisign', 'minisign'))('minisign', () => {
  it.each([[[]], [['-l']]])('with %j signs what verify accepts', async flags => {
    await sign('cosign.key');
    await output('minisign', '-S', ...flags, '-s', `${VECTORS}minisign.key`, '-m', sums);
    await accepts(`${VECTORS}minisign.pub`);
    writeFileSync(
      sums,
      readFileSync(sums, 'utf8').replace(/^./, digit => (digit === '0' ? '1' : '0')),
    );
    const refused = await airgap(['verify', 'bundle.tar', '--public-key', `${VECTORS}minisign.pub`], {
      cwd: work.path,
    });
    expect(refused.status).toBe(4);
  });

  it('verifies the key and signature in the vectors', async () => {
    const args = [
      '-V',
      '-p',
      `${VECTORS}minisign.pub`,
      '-m',
      `${VECTORS}checksums.txt`,
      '-x',
      `${VECTORS}minisign.minisig`,
    ];
    expect(await output('minisign', ...args)).toContain('a trusted comment');
  });
});

it('a program of one’s own signs the checksums of a build', async () => {
  await sign('cosign.key');
  await output('openssl', 'dgst', '-sha256', '-sign', `${VECTORS}rsa-pkcs1.pem`, '-out', `${sums}.sig`, sums);
  await accepts(`${VECTORS}rsa-pkcs1.pub`, '--signature', `${sums}.sig`);
  await shell('base64 -w0 bundle.tar.sha256.sig > bundle.tar.sha256.b64');
  await accepts(`${VECTORS}rsa-pkcs1.pub`, '--signature', `${sums}.b64`);
});

// CI has the vectors, which cosign made and verified; cosign itself takes too long to build.
const hasCosign = findProgram('cosign') !== undefined;
if (!hasCosign)
  process.stderr.write(
    '\nSKIPPED: signatures made and verified by cosign itself (its vectors are used): missing cosign\n',
  );

describe.skipIf(!hasCosign)('cosign', () => {
  const flags = ['--insecure-ignore-tlog', '--bundle', signature];

  it.each(KEYS)('verifies the signature by %s', async key => {
    const publicKey = await sign(key);
    expect(await output('cosign', 'verify-blob', '--key', publicKey, ...flags, sums)).toContain(
      'Verified OK',
    );
    writeFileSync(sums, `${readFileSync(sums, 'utf8')}${'0'.repeat(64)}  other\n`);
    await expect(output('cosign', 'verify-blob', '--key', publicKey, ...flags, sums)).rejects.toThrow();
  });

  it.each(COSIGN_KEYS)('with the key %s signs what verify accepts', async key => {
    await sign('cosign.key');
    const options = '--yes --tlog-upload=false --use-signing-config=false';
    await shell(
      `COSIGN_PASSWORD=secret cosign sign-blob ${options} --key ${VECTORS}${key}.key --bundle ${signature} ${sums}`,
    );
    await accepts(`${VECTORS}${key}.pub`);
  });
});
