import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { parseChallenges } from './challenge.ts';

describe('a challenge', () => {
  it.each([
    [
      'Docker Hub',
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull"',
      [
        {
          scheme: 'bearer',
          parameters: {
            realm: 'https://auth.docker.io/token',
            service: 'registry.docker.io',
            scope: 'repository:a/b:pull',
          },
        },
      ],
    ],
    ['basic', 'Basic realm="Registry Realm"', [{ scheme: 'basic', parameters: { realm: 'Registry Realm' } }]],
    [
      'without quotes and with spaces',
      'BEARER realm = https://x/t , service=s',
      [{ scheme: 'bearer', parameters: { realm: 'https://x/t', service: 's' } }],
    ],
    [
      'two in one header',
      'Basic realm="a", Bearer realm="b"',
      [
        { scheme: 'basic', parameters: { realm: 'a' } },
        { scheme: 'bearer', parameters: { realm: 'b' } },
      ],
    ],
    [
      'a comma and an escape within quotes',
      'Bearer scope="repository:a:pull,push", error="say \\"no\\""',
      [{ scheme: 'bearer', parameters: { scope: 'repository:a:pull,push', error: 'say "no"' } }],
    ],
    ['nothing', '', []],
  ])('%s', (_name, header, expected) => {
    expect(parseChallenges(header)).toEqual(expected);
  });

  property.prop([fc.string()])('never throws', header => {
    expect(Array.isArray(parseChallenges(header))).toBe(true);
  });
});
