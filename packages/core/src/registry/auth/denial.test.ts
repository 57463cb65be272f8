import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CredentialStore } from './credential-store.ts';
import { explainDenial } from './denial.ts';

let file: string;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'airgap-denial-'));
  file = join(folder, 'config.json');
});
afterAll(() => rmSync(folder, { recursive: true }));

const me = { auth: Buffer.from('me:a-secret-password').toString('base64') };

describe('a denied request', () => {
  it.each<[string, object, number, boolean, string, string]>([
    [
      'with a wrong password',
      { 'a.io': me },
      401,
      true,
      'rejected the user me from FILE',
      'Check the password of me in FILE, or log in to a.io again (airgap login a.io).',
    ],
    [
      'with an expired identity token',
      { 'a.io': { identitytoken: 'secret-token' } },
      401,
      true,
      'rejected the token from FILE; it may have expired',
      'Log in to a.io again (airgap login a.io).',
    ],
    [
      'with a registry token that expired',
      { 'a.io': { registrytoken: 'secret-token' } },
      401,
      true,
      'rejected the token from FILE; it may have expired',
      'Log in to a.io again (airgap login a.io).',
    ],
    [
      'without a login',
      { 'b.io': me },
      401,
      false,
      'no credentials were sent: none in FILE',
      'Log in to a.io first (airgap login a.io), or check the name.',
    ],
    [
      'with a key for another port',
      { 'a.io:5000': me },
      401,
      false,
      'no credentials were sent: FILE has the key "a.io:5000", which does not match a.io/team/app',
      'Log in to a.io (airgap login a.io), or correct the key in FILE.',
    ],
    [
      'with a key for another namespace',
      { 'https://a.io/other/': me },
      403,
      false,
      'no credentials were sent: FILE has the key "https://a.io/other/", which does not match a.io/team/app',
      'Log in to a.io (airgap login a.io), or correct the key in FILE.',
    ],
  ])('%s', async (_name, auths, status, authorized, note, hint) => {
    writeFileSync(file, JSON.stringify({ auths }));
    const store = await CredentialStore.read([file]);
    const denial = await explainDenial({ host: 'a.io', repository: 'team/app', status, authorized }, store);
    const named = (text: string) => text.replaceAll('FILE', file);
    expect(denial).toEqual({ note: named(note), hint: named(hint) });
    expect(JSON.stringify(denial)).not.toContain('secret-');
  });

  it('with credentials that lack access names the user, and has no hint about passwords', async () => {
    writeFileSync(file, JSON.stringify({ auths: { 'a.io/team': me } }));
    const store = await CredentialStore.read([file]);
    const request = { host: 'a.io', repository: 'team/app', status: 403, authorized: true };
    expect(await explainDenial(request, store)).toEqual({ note: `the user me from ${file} has no access` });
  });

  it('with credentials that were not sent does not blame them', async () => {
    const store = await CredentialStore.read([], {
      'a.io': { username: 'me', password: 'a-secret-password' },
    });
    const request = { host: 'a.io', repository: '', status: 401, authorized: false };
    const { note, hint } = await explainDenial(request, store);
    expect(note).toContain('were not sent');
    expect(hint).not.toMatch(/password|credentials/);
  });
});
