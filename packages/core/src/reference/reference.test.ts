import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { isHost, Reference } from './reference.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;

describe('a reference', () => {
  it.each([
    ['redis', 'docker.io/library/redis:latest'],
    ['redis:3.2-alpine', 'docker.io/library/redis:3.2-alpine'],
    ['team/app', 'docker.io/team/app:latest'],
    ['index.docker.io/replicated/examples:v1', 'docker.io/replicated/examples:v1'],
    ['docker.io/redis', 'docker.io/library/redis:latest'],
    ['gcr.io/google-samples/gb-frontend:v4', 'gcr.io/google-samples/gb-frontend:v4'],
    ['localhost/app', 'localhost/app:latest'],
    ['localhost:5000/app', 'localhost:5000/app:latest'],
    ['127.0.0.1:5000/a/b/c:1', '127.0.0.1:5000/a/b/c:1'],
    ['[::1]:5000/app:1', '[::1]:5000/app:1'],
    ['Registry.Example/app', 'Registry.Example/app:latest'],
    [`redis@${DIGEST}`, `docker.io/library/redis@${DIGEST}`],
    [`busybox:1.38.0@${DIGEST}`, `docker.io/library/busybox:1.38.0@${DIGEST}`],
    ['a__b/c--d/e.f:A_1', 'docker.io/a__b/c--d/e.f:A_1'],
    [`t/${'ab'.repeat(32)}`, `docker.io/t/${'ab'.repeat(32)}:latest`],
    ['ab'.repeat(31), `docker.io/library/${'ab'.repeat(31)}:latest`],
  ])('%s is %s', (text, canonical) => {
    expect(Reference.parse(text).toString()).toBe(canonical);
  });

  it.each([
    ['', 'empty'],
    ['Redis', 'upper-case'],
    ['redis:', 'not a tag'],
    ['redis:a b', 'not a tag'],
    [`redis:${'x'.repeat(129)}`, 'not a tag'],
    ['redis@sha256:12', 'not a sha256 digest'],
    ['redis@md5:12', 'not a sha256 digest'],
    ['a//b', 'not an image name'],
    ['../etc/passwd', 'not a host name'],
    ['x:70000/y', '"70000" is not a valid port'],
    ['x:0/y', '"0" is not a valid port'],
    ['gcr.io/', 'empty'],
    ['a_-b', 'not an image name'],
    ['ab'.repeat(32), 'the ID of a local image'],
    [DIGEST, 'the ID of a local image'],
    ['exa mple.com/a', 'not'],
    [`${'a'.repeat(256)}`, 'longer than 255'],
  ])('%s is rejected: %s', (text, reason) => {
    expect(() => Reference.parse(text)).toThrow(reason);
  });

  property.prop([fc.string()])('parses to a canonical form that parses to itself, or is rejected', text => {
    let first: Reference;
    try {
      first = Reference.parse(text);
    } catch {
      return;
    }
    expect(Reference.parse(first.toString()).toString()).toBe(first.toString());
  });
});

describe('a host', () => {
  it.each([
    ['registry.example.com', true],
    ['Registry.Example.com:5000', true],
    ['a-b.c--d.example', true],
    ['127.0.0.1', true],
    ['0x7f.1', false],
    ['999.999.999.999', false],
    ['example.0x1', false],
    ['xn--mnchen-3ya.example', true],
    ['xn--zzzzzz.example', false],
    ['example.xn--zzzzzz:443', false],
  ])('%s: %s', (text, expected) => {
    expect(isHost(text)).toBe(expected);
  });

  const label = fc.stringMatching(/^(?:xn--)?[A-Za-z0-9-]{1,8}$/);
  property.prop([fc.array(label, { minLength: 1, maxLength: 4 })])(
    'is what a URL has as its host',
    labels => {
      const text = labels.join('.');
      if (isHost(text)) expect(new URL(`https://${text}/`).hostname).toBe(text.toLowerCase());
    },
  );
});
