import { describe, expect, it } from 'vitest';
import { Reference } from './reference.ts';
import { type Naming, parseTargetLocation, relocate } from './relocation.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;

describe('relocate', () => {
  it.each<[string, string, Naming, string]>([
    ['quay.io/team/app:1', 'reg.local', 'path', 'reg.local/team/app:1'],
    ['quay.io/team/app:1', 'reg.local/a/b/', 'host', 'reg.local/a/b/quay.io/team/app:1'],
    ['quay.io/team/app:1', 'reg.local/p', 'kots', 'reg.local/p/app:1'],
    ['redis', 'reg.local', 'path', 'reg.local/library/redis:latest'],
    ['[::1]:5000/a/b:1', 'reg.local', 'host', 'reg.local/ip6-1-5000/a/b:1'],
    ['[fe80::]/a/b:1', 'reg.local', 'host', 'reg.local/fe80-0/a/b:1'],
    ['[::]/a/b:1', 'reg.local', 'host', 'reg.local/ip6-0/a/b:1'],
    ['quay.io/team/app:1', 'docker.io', 'kots', 'docker.io/library/app:1'],
    ['reg.local/app:1', 'docker.io', 'path', 'docker.io/library/app:1'],
    ['quay.io/team/app:1', 'index.docker.io', 'path', 'docker.io/team/app:1'],
    ['quay.io/team/app:1', 'index.docker.io/me', 'kots', 'docker.io/me/app:1'],
    [`redis@${DIGEST}`, 'index.docker.io', 'kots', `docker.io/library/redis@${DIGEST}`],
  ])('%s into %s with --naming %s is %s', (name, target, naming, expected) => {
    const to = relocate(Reference.parse(name), parseTargetLocation(target), naming);
    expect(to.toString()).toBe(expected);
    // The formatted name parses to the same repository.
    const { registry, repository } = Reference.parse(to.toString());
    expect([to.registry, to.repository]).toEqual([registry, repository]);
  });

  it.each([
    ['index.docker.io', 'docker.io', ''],
    ['index.docker.io/me', 'docker.io', 'me'],
    ['reg.local:5000/a/b/', 'reg.local:5000', 'a/b'],
  ])('%s is %s and the prefix "%s"', (text, registry, prefix) => {
    expect(parseTargetLocation(text)).toEqual({ registry, prefix });
  });
});
