import { describe, expect, it } from 'vitest';
import { proxyFor } from './proxy.ts';

const HTTP = 'http://proxy.corp:3128';
const HTTPS = 'http://secure.corp:3129';

function proxyOf(url: string, no?: string): string | undefined {
  return proxyFor(new URL(url), { http: HTTP, https: HTTPS, no })?.href.replace(/\/$/, '');
}

describe('the proxy', () => {
  it.each([
    ['http://registry.corp', HTTP],
    ['https://registry.corp', HTTPS],
  ])('for %s is %s', (url, proxy) => {
    expect(proxyOf(url)).toBe(proxy);
  });

  it.each([
    'http://localhost:5000',
    'http://127.0.0.1:5000',
    'http://127.1.2.3',
    'https://[::1]:5000',
    'http://registry.localhost',
  ])('is never used for the loopback %s', url => {
    expect(proxyOf(url)).toBeUndefined();
  });

  it.each([
    ['*', 'https://registry.corp', true],
    ['registry.corp', 'https://registry.corp', true],
    ['corp', 'https://registry.corp', true],
    ['corp', 'https://corp', true],
    ['.corp', 'https://registry.corp', true],
    ['.corp', 'https://corp', false],
    ['*.corp', 'https://registry.corp', true],
    ['*.corp', 'https://corp', false],
    ['orp', 'https://registry.corp', false],
    ['REGISTRY.corp', 'https://Registry.CORP', true],
    ['registry.corp:443', 'https://registry.corp', true],
    ['registry.corp:5000', 'https://registry.corp', false],
    ['registry.corp:5000', 'https://registry.corp:5000', true],
    ['10.0.0.0/8', 'https://10.1.2.3', true],
    ['10.0.0.0/8', 'https://11.1.2.3', false],
    ['10.0.0.0/8', 'https://registry.corp', false],
    ['10.0.0.0/99', 'https://10.1.2.3', false],
    ['fd00::/8', 'https://[fd00::5]:5000', true],
    ['10.1.2.3', 'https://10.1.2.3:5000', true],
    ['[fd00::5]:5000', 'https://[fd00::5]:5000', true],
    ['10.1.2.3', 'https://10.1.2.30', false],
    [' a.corp , registry.corp', 'https://registry.corp', true],
    ['a.corp b.corp', 'https://b.corp', true],
    [',,', 'https://b.corp', false],
  ])('with NO_PROXY %j, for %s: bypassed %s', (no, url, bypassed) => {
    expect(proxyOf(url, no) === undefined).toBe(bypassed);
  });

  it('may be given without a scheme and with credentials', () => {
    expect(proxyFor(new URL('http://a.corp'), { http: 'me:pw@proxy:3128' })?.href).toBe(
      'http://me:pw@proxy:3128/',
    );
  });

  it.each(['socks5://me:geheim@proxy', 'http://me:geheim@', '::'])(
    'is rejected when it is %s, and not quoted',
    http => {
      const parse = () => proxyFor(new URL('http://a.corp'), { http });
      expect(parse).toThrow('not an http or https URL');
      expect(parse).not.toThrow('geheim');
    },
  );
});
