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

  /** What KOTS's own pkg/imageutil answers for the registry reg.local and the namespace ns. */
  it.each([
    ['redis', 'ns/redis:latest'],
    ['redis:7.0', 'ns/redis:7.0'],
    ['library/redis:7.0', 'ns/redis:7.0'],
    ['bitnami/redis:7.0', 'ns/redis:7.0'],
    ['docker.io/redis:7.0', 'ns/redis:7.0'],
    ['docker.io/library/redis', 'ns/redis:latest'],
    ['index.docker.io/library/redis:7.0', 'ns/redis:7.0'],
    ['index.docker.io/replicated/examples:1', 'ns/examples:1'],
    ['registry.local:5000/app:2', 'ns/app:2'],
    ['registry.local:5000/a/b/c', 'ns/c:latest'],
    ['quay.io/team/app:1', 'ns/app:1'],
    ['ghcr.io/org/deep/path/to/app:1.0-rc_1', 'ns/app:1.0-rc_1'],
    ['proxy.replicated.com/proxy/my-app/quay.io/team/web:1', 'ns/web:1'],
    ['proxy.replicated.com/anonymous/index.docker.io/library/nginx:1', 'ns/nginx:1'],
    ['registry.replicated.com/my-app/worker:1', 'ns/worker:1'],
    [`quay.io/team/pinned@${DIGEST}`, `ns/pinned@${DIGEST}`],
    [`redis@${DIGEST}`, `ns/redis@${DIGEST}`],
    [`quay.io/team/td:1.2@${DIGEST}`, `ns/td@${DIGEST}`],
  ])('%s is %s as KOTS names it', (name, expected) => {
    const to = relocate(Reference.parse(name), parseTargetLocation('reg.local/ns/'), 'kots');
    expect(to.toString()).toBe(`reg.local/${expected}`);
  });

  it.each([
    ['index.docker.io', 'docker.io', ''],
    ['index.docker.io/me', 'docker.io', 'me'],
    ['reg.local:5000/a/b/', 'reg.local:5000', 'a/b'],
  ])('%s is %s and the prefix "%s"', (text, registry, prefix) => {
    expect(parseTargetLocation(text)).toEqual({ registry, prefix });
  });
});
