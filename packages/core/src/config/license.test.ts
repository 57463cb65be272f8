import { describe, expect, it } from 'vitest';
import { licenseCredentials, parseLicense } from './license.ts';

const ID = '2vXkJq8Zb0nTq';
const license = (spec: string) => `apiVersion: kots.io/v1beta1\nkind: License\nspec:\n  ${spec}\n`;

describe('parseLicense', () => {
  it.each([
    ['a KOTS License', license(`licenseID: ${ID}\n  signature: eyJ9`), ID],
    ['an id of digits', license('licenseID: 0123'), '0123'],
    ['a file with only the id', `${ID}\n`, ID],
  ])('reads %s', (_name, text, id) => expect(parseLicense({ file: 'l.yaml', text })).toBe(id));

  it.each([
    ['another kind', license(`licenseID: ${ID}`).replace('License', 'Config')],
    ['no id', license('appSlug: a')],
    ['an id with a line end', license(`licenseID: "${ID}\\n"`)],
    ['a list', `- ${ID}`],
    ['broken YAML', `a: b: ${ID}`],
    ['an empty file', ''],
  ])('rejects %s, and does not quote it', (_name, text) => {
    expect(() => parseLicense({ file: 'l.yaml', text })).toThrow(
      expect.objectContaining({
        code: 'INPUT',
        where: { path: 'l.yaml' },
        message: expect.not.stringContaining(ID),
      }),
    );
  });

  it("has credentials for Replicated's two registries only", () =>
    expect(licenseCredentials(ID)).toEqual({
      'registry.replicated.com': { username: ID, password: ID },
      'proxy.replicated.com': { username: ID, password: ID },
    }));

  it("has credentials for the vendor's domains of these as well", () => {
    const domains = { registryDomain: 'images.shop.test', proxyDomain: 'proxy.shop.test' };
    expect(Object.keys(licenseCredentials(ID, domains)).sort()).toEqual([
      'images.shop.test',
      'proxy.replicated.com',
      'proxy.shop.test',
      'registry.replicated.com',
    ]);
  });
});
