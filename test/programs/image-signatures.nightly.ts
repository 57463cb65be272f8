import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { airgap, TempDir } from '../support/airgap.ts';
import { imageOf, indexOf, noiseOf } from '../support/images/image.ts';
import { CASE_KEY, SIGNED_IMAGE_CASES, type SignedImageCase } from '../support/images/signed-images.ts';
import { findProgram, output } from '../support/programs/program.ts';
import { ServingProcess } from '../support/programs/serving.ts';

/** What cosign says about each case; written by this test when COSIGN_RECORD is set. */
const RECORD = new URL('../vectors/signing/image-verdicts.json', import.meta.url);
const recorded: Record<string, string> = JSON.parse(readFileSync(RECORD, 'utf8'));
/** cosign accepts any signed statement about an image; here, an attestation does not sign it. */
const STRICTER = new Set(['bundle: an attestation']);
const hasCosign = findProgram('cosign') !== undefined;
if (!hasCosign)
  process.stderr.write(
    '\nSKIPPED: verdicts of cosign itself about signed images (recorded ones are used): missing cosign\n',
  );

const work = new TempDir();
afterAll(() => work[Symbol.dispose]());
const found: Record<string, string> = {};

/** Builds a bundle of a case with its referrers. */
async function buildCase({ image, tagged, referrers }: SignedImageCase, ...flags: string[]) {
  await using registry = await TestRegistry.start({ referrers: true });
  registry.push('team/app:1', image);
  if (tagged) registry.push(`team/app:${image.digest.replace(':', '-')}.sig`, tagged);
  for (const [at, referrer] of referrers.entries()) registry.push(`team/app:referrer-${at}`, referrer);
  writeFileSync(work.file('list.txt'), 'registry.test/team/app:1\n');
  const mirror = `registry.test=http://${registry.host}`;
  return await airgap(
    [
      'build',
      'list.txt',
      '--platform',
      'all',
      '--referrers',
      '--mirror',
      mirror,
      '-o',
      'bundle.tar',
      ...flags,
    ],
    {
      cwd: work.path,
    },
  );
}

function policy(...rules: object[]): string {
  writeFileSync(work.file('policy.yaml'), JSON.stringify({ signatures: rules }));
  return 'policy.yaml';
}

describe.each(SIGNED_IMAGE_CASES)('$what', signedCase => {
  it('is judged as cosign judges it', async () => {
    expect((await buildCase(signedCase)).status).toBe(0);
    if (hasCosign) {
      await using serving = await ServingProcess.start([work.file('bundle.tar')]);
      const name = `${serving.host}/team/app@${signedCase.image.digest}`;
      const flags = ['--key', CASE_KEY, '--insecure-ignore-tlog', '--allow-http-registry'];
      const verdict = await output('cosign', 'verify', ...flags, name).then(
        () => 'signed',
        () => 'refused',
      );
      found[signedCase.what] = verdict;
      if (process.env.COSIGN_RECORD) writeFileSync(RECORD, `${JSON.stringify(found, undefined, 2)}\n`);
      else expect(verdict).toBe(recorded[signedCase.what]);
    }
    const judged = process.env.COSIGN_RECORD ? found[signedCase.what] : recorded[signedCase.what];
    const expected = STRICTER.has(signedCase.what) ? 'refused' : judged;
    const config = policy({ pattern: 'registry.test/*', key: CASE_KEY });
    const { status, stdout } = await airgap(['verify', 'bundle.tar', '--config', config], { cwd: work.path });
    expect(status).toBe(expected === 'signed' ? 0 : 1);
    if (status === 0)
      expect(String(stdout)).toContain('team/app:1: signed by ec-pkcs8.pub (key only, no transparency log)');
  });
});

const good = SIGNED_IMAGE_CASES.find(({ what }) => what === 'tag: an index, signed') as SignedImageCase;
const unsigned = SIGNED_IMAGE_CASES.find(({ what }) => what === 'nothing') as SignedImageCase;
const other = SIGNED_IMAGE_CASES.find(({ what }) => what === 'bundle: by another key') as SignedImageCase;

describe('the signatures that cosign has made', () => {
  it('count in both forms', async () => {
    const [bundle, key] = ['cosign-signed.tar', 'cosign.pub'].map(name =>
      CASE_KEY.replace('ec-pkcs8.pub', name),
    );
    const config = policy({ pattern: '*', key });
    const { status, stdout } = await airgap(['verify', bundle ?? '', '--config', config, '--json'], {
      cwd: work.path,
    });
    expect(status).toBe(0);
    const { signatures } = JSON.parse(String(stdout));
    expect(signatures.map(({ image, state }: Record<string, string>) => [image, state])).toEqual([
      ['127.0.0.1:5055/signed/referrer:1', 'signed'],
      ['127.0.0.1:5055/signed/tag:1', 'signed'],
    ]);
  });
});

describe('a policy', () => {
  it('is checked by build before a layer is fetched, and includes the signatures', async () => {
    const config = policy({ pattern: '*', key: CASE_KEY });
    const { status, stderr } = await buildCase(unsigned, '--config', config);
    expect(stderr).toContain('error: no signature');
    expect(status).toBe(1);
    const built = await buildCase(good, '--config', config);
    expect(built.status).toBe(0);
    expect(String(built.stdout)).toContain('registry.test/team/app:1: signed by ec-pkcs8.pub');
  });

  it('needs the base of a delta that leaves the signatures to it, and says so', async () => {
    expect((await buildCase(good)).status).toBe(0);
    const delta = await airgap(['delta', 'bundle.tar', 'bundle.tar', '-o', 'app.delta.tar'], {
      cwd: work.path,
    });
    expect(delta.stderr).not.toContain('error');
    const config = policy({ pattern: '*', key: CASE_KEY });
    const args = ['verify', 'app.delta.tar', '--allow-missing-base', '--config', config];
    const alone = await airgap(args, { cwd: work.path });
    expect(alone.status).toBe(1);
    expect(alone.stderr + alone.stdout).toMatch(/the delta leaves it to its base[\s\S]*with --base/);
    const { status, stdout } = await airgap([...args, '--base', 'bundle.tar'], { cwd: work.path });
    expect(String(stdout)).toContain('signed by');
    expect(status).toBe(0);
  });

  it('is checked by load before anything is pushed', async () => {
    await buildCase(other);
    await using registry = await TestRegistry.start();
    const config = policy({ pattern: '*', key: CASE_KEY });
    const { status, stderr } = await airgap(['load', 'bundle.tar', registry.host, '--config', config], {
      cwd: work.path,
    });
    expect(stderr).toContain('error: no signature by ec-pkcs8.pub, only others');
    expect(status).toBe(1);
    expect(registry.seen).toEqual([]);
  });

  it.each([
    [
      'the first rule that matches counts',
      [{ pattern: 'registry.test/team/*' }, { pattern: '*', key: CASE_KEY }],
      [],
    ],
    ['images that no rule matches are not checked', [{ pattern: 'quay.io/*', key: CASE_KEY }], []],
    ['a signature need not be required', [{ pattern: '*', key: CASE_KEY, required: false }], ['unsigned']],
  ])('%s', async (_what, rules, states) => {
    await buildCase(unsigned);
    const { status, stdout } = await airgap(
      ['verify', 'bundle.tar', '--json', '--config', policy(...rules)],
      { cwd: work.path },
    );
    expect(status).toBe(0);
    expect(JSON.parse(String(stdout)).signatures.map(({ state }: { state: string }) => state)).toEqual(
      states,
    );
  });

  it('is reported by inspect, which refuses nothing', async () => {
    await buildCase(unsigned);
    const config = policy({ pattern: '*', key: CASE_KEY });
    const { status, stdout } = await airgap(['inspect', 'bundle.tar', '--json', '--config', config], {
      cwd: work.path,
    });
    expect(status).toBe(0);
    expect(JSON.parse(String(stdout)).signatures).toEqual([
      {
        image: 'registry.test/team/app:1',
        digest: unsigned.image.digest,
        state: 'unsigned',
        key: CASE_KEY,
        required: true,
        message: 'no signature',
      },
    ]);
  });

  it('says --platform all when only the index is signed', async () => {
    const config = policy({ pattern: '*', key: CASE_KEY });
    const { status, stderr } = await buildCase(good, '--platform', 'linux/amd64', '--config', config);
    expect(status).toBe(0);
    expect(stderr).not.toContain('cannot count');
    await using registry = await TestRegistry.start({ referrers: true });
    registry.push('team/app:1', good.image);
    if (good.tagged) registry.push(`team/app:${good.image.digest.replace(':', '-')}.sig`, good.tagged);
    writeFileSync(work.file('list.txt'), `${registry.host}/team/app:1\n`);
    const partial = await airgap(['build', 'list.txt', '--config', config, '-o', 'partial.tar'], {
      cwd: work.path,
    });
    expect(partial.status).toBe(1);
    expect(partial.stderr).toContain(
      `no signature; a signature of its index ${good.image.digest} cannot count, as the bundle has only some of its platforms: use --platform all`,
    );
  });

  it.each([
    ['a missing key', { pattern: '*', key: 'missing.pub' }, 'the public key cannot be read'],
    [
      'a minisign key',
      { pattern: '*', key: CASE_KEY.replace('ec-pkcs8', 'minisign') },
      'images cannot be signed with minisign',
    ],
    ['an unknown key of a rule', { pattern: '*', keys: 'x' }, 'unknown key: keys'],
    ['no pattern', { key: CASE_KEY }, 'signatures.0.pattern: must be a pattern'],
  ])('with %s is an error', async (_what, rule, words) => {
    await buildCase(unsigned);
    const { status, stderr } = await airgap(['verify', 'bundle.tar', '--config', policy(rule)], {
      cwd: work.path,
    });
    expect(stderr).toContain(words);
    expect(status).toBe(2);
  });

  it('in a folder that is not trusted does not count', async () => {
    await buildCase(unsigned);
    using folder = new TempDir({
      'airgap.yaml': JSON.stringify({ signatures: [{ pattern: '*', required: 'false' }] }),
    });
    for (const command of [
      ['verify', work.file('bundle.tar')],
      ['inspect', work.file('bundle.tar')],
    ]) {
      const { status, stderr } = await airgap(command, { cwd: folder.path });
      expect(stderr).toContain('"signatures" of airgap.yaml does not count');
      expect(status).toBe(2);
    }
  });

  it('cannot be avoided with a subject or the name of a signature', async () => {
    await using registry = await TestRegistry.start();
    const image = imageOf({ layers: [noiseOf(44, 1000)], compression: 'none' });
    const document = JSON.parse(image.bytes.toString());
    const subject = { mediaType: image.mediaType, digest: indexOf([image]).digest, size: 1 };
    const bytes = Buffer.from(JSON.stringify({ ...document, subject }));
    const { sha256 } = await import('../support/images/image.ts');
    registry.push('team/app:1', { ...image, bytes, digest: sha256(bytes) });
    writeFileSync(work.file('list.txt'), `${registry.host}/team/app:1\n`);
    const config = policy({ pattern: '*', key: CASE_KEY });
    const { status, stderr } = await airgap(['build', 'list.txt', '--config', config, '-o', 'subject.tar'], {
      cwd: work.path,
    });
    expect(stderr).toContain('error: no signature');
    expect(status).toBe(1);
  });
});
