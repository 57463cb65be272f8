import { describe, expect, it } from 'vitest';
import { isForeignHost } from './foreign-host.ts';

describe('the Host header', () => {
  it.each([
    [undefined, false],
    ['', false],
    ['127.0.0.1:5000', false],
    ['[::1]:5000', false],
    ['localhost:5000', false],
    ['registry.localhost', false],
    ['registry', false],
    ['Registry.Local:5000', false],
    ['evil.example:5000', true],
    ['EVIL.example', true],
    ['127.0.0.1.evil.example', true],
    ['localhost.evil.example', true],
  ])('%s is foreign: %s', (header, isForeign) => {
    expect(isForeignHost(header, 'registry.local')).toBe(isForeign);
  });
});
