import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect, it } from 'vitest';
import { AirgapError } from '../model/errors.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { formatChecksums, parseChecksums } from './checksums.ts';
import { SigningKey } from './private-key.ts';
import { readPublicKey } from './public-key.ts';
import { checkSignature } from './signature-file.ts';

/** Keys and signatures that cosign, openssl and minisign made: see make.sh there. */
const FIXTURES = fileURLToPath(new URL('../../../../test/vectors/signing/', import.meta.url));
const fixture = (name: string) => join(FIXTURES, name);
const CHECKSUMS = readFileSync(fixture('checksums.txt'));
const folder = mkdtempSync(join(tmpdir(), 'airgap-signing-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Checks a signature of the checksums. @returns `OK`, or the code and message of the error */
async function verdict(publicKey: string, signature: string, bytes: Uint8Array = CHECKSUMS): Promise<string> {
  try {
    const key = await readPublicKey(publicKey);
    await checkSignature({ path: 'bundle.tar.sha256', bytes }, key, { signature });
    return 'OK';
  } catch (error) {
    if (!(error instanceof AirgapError)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

function written(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Public keys and signatures of other programs. */
const SIGNATURES: readonly (readonly [key: string, signature: string])[] = [
  ['cosign.pub', 'cosign.sigstore.json'],
  ['cosign.pub', 'cosign.legacy.json'],
  ['cosign.pub', 'cosign.sig'],
  ['ec-pkcs8.pub', 'imported-ec-pkcs8.sigstore.json'],
  ['ec-sec1.pub', 'imported-ec-sec1.sigstore.json'],
  ['rsa-pkcs1.pub', 'imported-rsa-pkcs1.sigstore.json'],
  ['rsa-pkcs1-form.pub', 'imported-rsa-pkcs1.sigstore.json'],
  ['ed25519.pub', 'imported-ed25519.sigstore.json'],
  ['ec-pkcs8.pub', 'openssl.sig'],
  ['minisign.pub', 'minisign.minisig'],
  ['minisign.pub', 'minisign-legacy.minisig'],
];

describe.each(SIGNATURES)('with %s, %s', (key, signature) => {
  it('is accepted', async () => {
    expect(await verdict(fixture(key), fixture(signature))).toBe('OK');
  });

  it('is refused for changed checksums', async () => {
    const changed = Buffer.from(CHECKSUMS);
    changed[0] = (changed[0] ?? 0) ^ 1;
    expect(await verdict(fixture(key), fixture(signature), changed)).toMatch(/^CONTENT: /);
  });

  it('is refused with any other key', async () => {
    for (const [other] of SIGNATURES) {
      const isSame = readFileSync(fixture(other)).equals(readFileSync(fixture(key)));
      const isSamePair =
        [key, other].every(name => /^rsa|^ec-/.test(name)) && key.slice(0, 2) === other.slice(0, 2);
      if (!isSame && !isSamePair)
        expect(await verdict(fixture(other), fixture(signature))).toMatch(/^CONTENT: /);
    }
  });

  it('is refused when any byte of it has changed, or it is cut off', async () => {
    const bytes = readFileSync(fixture(signature));
    for (let at = 0; at < bytes.length; at += 7) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 0x10;
      const outcome = await verdict(fixture(key), written('changed', changed));
      // Text that no signature covers: comments, hints, the name of the media type in a different case.
      if (outcome !== 'OK') expect(outcome).toMatch(/^CONTENT: /);
    }
    for (const size of [0, 1, 40, bytes.length - 3])
      expect(await verdict(fixture(key), written('cut', bytes.subarray(0, size)))).toMatch(/^CONTENT: /);
  });
});

describe('a refused signature says why', () => {
  it.each([
    [
      'another key',
      'ed25519.pub',
      'cosign.sigstore.json',
      /^CONTENT: the signature is by another key \(hint .+\); ed25519.pub has hint /,
    ],
    [
      'another minisign key',
      'other.pub',
      'minisign.minisig',
      /^CONTENT: the signature is by another key \(key id [0-9A-F]{16}\)/,
    ],
    [
      'a statement',
      'cosign.pub',
      'statement.json',
      /^CONTENT: invalid signature: it signs a statement, not a file/,
    ],
    [
      'a certificate',
      'cosign.pub',
      'keyless.json',
      /^CONTENT: the signature was made without a key \(keyless\)/,
    ],
    [
      'something else',
      'cosign.pub',
      'other.json',
      /^CONTENT: invalid signature: it is not a sigstore bundle/,
    ],
    [
      'sigstore for minisign',
      'minisign.pub',
      'cosign.sigstore.json',
      /^CONTENT: invalid signature: it is not a signature of minisign/,
    ],
    ['a missing file', 'cosign.pub', 'missing.json', /^INPUT: the signature cannot be read: no such file/],
  ])('%s', async (_what, key, signature, words) => {
    const type = 'application/vnd.dev.sigstore.bundle.v0.3+json';
    const envelope = { payload: 'e30=', payloadType: 'x', signatures: [{ sig: 'AAAA' }] };
    written(
      'statement.json',
      JSON.stringify({ mediaType: type, verificationMaterial: { publicKey: {} }, dsseEnvelope: envelope }),
    );
    written(
      'keyless.json',
      JSON.stringify({ mediaType: type, verificationMaterial: { certificate: { rawBytes: '' } } }),
    );
    written('other.json', '{}');
    const id = Buffer.from(readFileSync(fixture('minisign.pub'), 'utf8').split('\n')[1] ?? '', 'base64');
    id[3] = (id[3] ?? 0) ^ 1;
    written('other.pub', `untrusted comment: other\n${id.toString('base64')}\n`);
    const place = (name: string) =>
      ['cosign', 'ed25519', 'minisign'].includes(name.split('.')[0] ?? '')
        ? fixture(name)
        : join(folder, name);
    expect(await verdict(place(key), place(signature))).toMatch(words);
  });

  it('changed checksums', async () => {
    expect(await verdict(fixture('cosign.pub'), fixture('cosign.sigstore.json'), Buffer.from('x'))).toBe(
      'CONTENT: bundle.tar.sha256 was changed after it was signed',
    );
    expect(await verdict(fixture('minisign.pub'), fixture('minisign.minisig'), Buffer.from('x'))).toBe(
      'CONTENT: bundle.tar.sha256 was changed after it was signed',
    );
  });
});

describe('a public key is refused', () => {
  it.each([
    ['that is private', 'ec-pkcs8.pem', 'INPUT: not a public key: it is a private key'],
    ['that is private, of cosign', 'cosign.key', 'INPUT: not a public key: it is a private key'],
    ['of an unsupported curve', 'ec-p384.pub', 'INPUT: unsupported key: EC secp384r1'],
    ['that is too short', 'rsa-1024.pub', 'INPUT: unsupported key: RSA with 1024 bits'],
    ['that is not a key', 'checksums.txt', 'INPUT: not a public key: it is neither PEM nor a minisign key'],
    ['that is a private minisign key', 'minisign.key', 'INPUT: not a minisign public key'],
    ['that is a directory', '', 'INPUT: the public key cannot be read: it is not a regular file'],
    ['that does not exist', 'missing.pub', 'INPUT: the public key cannot be read: no such file or directory'],
  ])('%s', async (_what, name, message) => {
    expect(await verdict(fixture(name), fixture('cosign.sigstore.json'))).toBe(message);
  });

  it('that is damaged', async () => {
    const text = readFileSync(fixture('cosign.pub'), 'utf8').replace(/A/g, 'B');
    expect(await verdict(written('damaged.pub', text), fixture('cosign.sigstore.json'))).toBe(
      'INPUT: not a public key: its content is damaged',
    );
  });
});

/** Private keys, and the signatures that cosign has verified. */
const KEYS = [
  'cosign.key',
  'ec-pkcs8.pem',
  'ec-sec1.pem',
  'ec-encrypted.pem',
  'rsa-pkcs1.pem',
  'ed25519.pem',
];
const SECRET = async () => 'secret';

describe.each(KEYS)('the private key %s', name => {
  const publicKey = fixture(name.replace(/\.[a-z]+$/, '.pub'));
  const recorded = fixture(`airgap-${name.replace(/\.[a-z]+$/, '')}.sigstore.json`);
  const signed = readFileSync(fixture('airgap-checksums.txt'));

  it('signs what its public key verifies', async () => {
    const key = await SigningKey.read(fixture(name), SECRET);
    expect(await verdict(publicKey, written('signed.json', key.sign(CHECKSUMS)))).toBe('OK');
    expect((await readPublicKey(publicKey)).path).toBe(publicKey);
  });

  it('signs as when cosign verified it', async () => {
    const key = await SigningKey.read(fixture(name), SECRET);
    const now = JSON.parse(key.sign(signed));
    const then = JSON.parse(readFileSync(recorded, 'utf8'));
    // A signature with an EC key contains a random number.
    const fixed = /rsa|ed25519/.test(name) ? {} : { signature: expect.any(String) };
    expect(now).toEqual({ ...then, messageSignature: { ...then.messageSignature, ...fixed } });
    expect(Object.keys(now)).toEqual(Object.keys(then));
    expect(await verdict(publicKey, recorded, signed)).toBe('OK');
  });

  it.each<[string, (signature: string) => string]>([
    ['in one line', signature => signature],
    ['in lines of 64 characters', signature => signature.replace(/.{64}/g, '$&\n')],
    ['in lines of Windows', signature => `\ufeff${signature.replace(/.{76}/g, '$&\r\n')}\r\n`],
  ])('takes the signature in base64, %s', async (_title, write) => {
    const key = await SigningKey.read(fixture(name), SECRET);
    const { signature } = JSON.parse(key.sign(CHECKSUMS)).messageSignature;
    expect(await verdict(publicKey, written('base64.sig', Buffer.from(write(signature))))).toBe('OK');
  });

  it('gives the signature to openssl', async () => {
    const key = await SigningKey.read(fixture(name), SECRET);
    const { signature } = JSON.parse(key.sign(CHECKSUMS)).messageSignature;
    const file = written('openssl.sig', Buffer.from(signature, 'base64'));
    const digest = ['dgst', '-sha256', '-verify', publicKey, '-signature', file, fixture('checksums.txt')];
    const pure = [
      'pkeyutl',
      '-verify',
      '-pubin',
      '-inkey',
      publicKey,
      '-rawin',
      '-in',
      fixture('checksums.txt'),
      '-sigfile',
      file,
    ];
    const output = execFileSync('openssl', name.startsWith('ed25519') ? pure : digest, { encoding: 'utf8' });
    expect(output).toMatch(/Verified OK|Signature Verified Successfully/);
  });
});

describe('a private key is refused', () => {
  const read = async (path: string, password = SECRET) => {
    const error = await SigningKey.read(path, password).catch(error => error);
    expect(error).toBeInstanceOf(AirgapError);
    // No part of the key or the password is in any field.
    expect(JSON.stringify([error.message, error.hint, error.where, String(error.cause)])).not.toMatch(
      /wrong-secret|MII|MHcC/,
    );
    return `${error.code}: ${error.message}`;
  };

  it.each(['cosign.key', 'ec-encrypted.pem'])('%s with a wrong password', async name => {
    expect(await read(fixture(name), async () => 'wrong-secret')).toBe(
      'INPUT: the key cannot be used: wrong password',
    );
  });

  it.each([
    ['an unsupported curve', 'ec-p384.pem', 'INPUT: unsupported key: EC secp384r1'],
    ['a short RSA key', 'rsa-1024.pem', 'INPUT: unsupported key: RSA with 1024 bits'],
    ['a public key', 'cosign.pub', 'INPUT: the key cannot be used: it has no private key in PEM form'],
    ['a minisign key', 'minisign.key', 'INPUT: the key cannot be used: it has no private key in PEM form'],
  ])('%s', async (_what, name, message) => {
    expect(await read(fixture(name))).toBe(message);
  });

  it('a damaged key', async () => {
    const text = readFileSync(fixture('ec-pkcs8.pem'), 'utf8').replace(/M/g, 'N');
    expect(await read(written('damaged.pem', text))).toBe(
      'INPUT: the key cannot be used: its content is damaged',
    );
  });

  it.each([
    ['a huge N', { N: 2 ** 30 }],
    ['a huge r', { r: 2 ** 20 }],
    ['a huge p', { p: 1000 }],
    ['an N that is not a power of 2', { N: 65_535 }],
    ['a negative N', { N: -2 }],
  ])('one of cosign with %s, without computing it', async (_what, change) => {
    const [head, ...body] = readFileSync(fixture('cosign.key'), 'utf8').trim().split('\n');
    const tail = body.pop();
    const document = JSON.parse(Buffer.from(body.join(''), 'base64').toString());
    Object.assign(document.kdf.params, change);
    const text = [head, Buffer.from(JSON.stringify(document)).toString('base64'), tail, ''].join('\n');
    const started = performance.now();
    expect(await read(written('cosign.key', text))).toMatch(/out of range|not an encrypted key of cosign/);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe('checksums', () => {
  const HEX = 'a'.repeat(64);

  it.each([
    ['nothing', '', '1:1: invalid checksums: expected 64'],
    ['a comment', `# by airgap\n${HEX}  b.tar\n`, '1:1: invalid checksums: expected 64'],
    ['an empty line', `${HEX}  b.tar\n\n`, '2:1: invalid checksums: expected 64'],
    ['upper-case digits', `${HEX.toUpperCase()}  b.tar\n`, '1:1: invalid checksums: expected 64'],
    ['too few digits', `${HEX.slice(1)}  b.tar\n`, '1:1: invalid checksums: expected 64'],
    ['one space', `${HEX} b.tar\n`, '1:1: invalid checksums: expected 64'],
    ['a carriage return', `${HEX}  b.tar\r\n`, '1:67: invalid checksums: "b.tar\\r" has a control character'],
    ['a duplicate', `${HEX}  b.tar\n${HEX}  b.tar\n`, '2:67: invalid checksums: "b.tar" is listed twice'],
    ['a path', `${HEX}  ../b.tar\n`, '1:67: invalid checksums: "../b.tar" is a path, not a file name'],
    ['an absolute path', `${HEX}  /etc/passwd\n`, '1:67: invalid checksums: "/etc/passwd" is a path'],
    ['a Windows path', `${HEX}  a\\b.tar\n`, '1:67: invalid checksums: "a\\\\b.tar" is a path'],
    ['a folder', `${HEX}  ..\n`, '1:67: invalid checksums: ".." is not a file name'],
    ['no name', `${HEX}  \n`, '1:1: invalid checksums: expected 64'],
  ])('with %s are refused', (_what, text, words) => {
    let found: unknown;
    try {
      parseChecksums(text, 'b.tar.sha256');
    } catch (error) {
      found = error;
    }
    const { code, message, where } = found as AirgapError;
    const { line, column } = where.position ?? {};
    expect(code).toBe('CONTENT');
    expect(`${line}:${column}: ${message}`).toContain(words);
  });

  const names = fc.stringMatching(/^[a-z0-9 ._*-]{1,12}$/).filter(name => name !== '.' && name !== '..');
  const lists = fc.uniqueArray(
    fc.record({ name: names, digest: fc.string().map(text => digestOf(Buffer.from(text)) as Digest) }),
    {
      selector: ({ name }) => name,
      minLength: 1,
    },
  );

  test.prop([lists])('are read as they were written', list => {
    expect(parseChecksums(formatChecksums(list), 'b.tar.sha256')).toEqual(list);
  });

  test.prop([fc.string()])('of any text are lines or an error', text => {
    try {
      parseChecksums(text, 'b.tar.sha256');
    } catch (error) {
      expect((error as AirgapError).code).toBe('CONTENT');
    }
  });
});
