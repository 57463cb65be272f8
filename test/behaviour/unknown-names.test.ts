import { beforeEach, describe, expect, it } from 'vitest';
import { type Fault, TestRegistry } from '../registry/registry.ts';
import { sendError } from '../registry/response.ts';
import { airgap, TempDir } from '../support/airgap.ts';
import { imageOf, noiseOf } from '../support/images/image.ts';

const image = imageOf({ layers: [noiseOf(1, 100)] });
let registry: TestRegistry;
beforeEach(async () => {
  registry = await TestRegistry.start();
  for (const tag of ['2.4.0', '2.5.0', 'latest']) registry.push(`team/app:${tag}`, image);
  return () => registry[Symbol.asyncDispose]();
});

/** Plans these names. */
async function planned(...names: string[]) {
  using temp = new TempDir({ list: names.map(name => `${registry.host}/${name}\n`).join('') });
  return await airgap(['plan', temp.file('list')], { cwd: temp.path });
}
const listings = () => registry.seen.filter(({ path }) => path.endsWith('/tags/list'));
const listing =
  (fault: Fault): Fault =>
  (request, response, content) =>
    request.path.endsWith('/tags/list') && fault(request, response, content);
const error =
  (status: number, code: string): Fault =>
  (_request, response) => {
    sendError(response, status, code, 'no');
    return true;
  };

describe('a tag that does not exist', () => {
  it('is reported with those that come near', async () => {
    const { status, stderr } = await planned('team/app:2.4.99');
    expect(status).toBe(2);
    expect(stderr).toContain(`${registry.host}/team/app has no tag 2.4.99; it has 2.5.0, 2.4.0\n`);
  });

  it('is reported by lint --online as well', async () => {
    using temp = new TempDir({ list: `${registry.host}/team/app:lates\n` });
    const { status, stdout } = await airgap(['lint', temp.file('list'), '--online'], { cwd: temp.path });
    expect(status).toBe(1);
    expect(String(stdout)).toMatch(/tag-not-found/);
    expect(String(stdout)).toContain('has no tag lates; it has latest');
  });

  it('makes one list for all tags of a repository', async () => {
    await planned('team/app:1', 'team/app:3', 'team/app:latest');
    expect(listings()).toHaveLength(1);
  });

  it.each<[string, Fault]>([
    ...[401, 403, 405, 500].map((status): [string, Fault] => [
      `refused with ${status}`,
      error(status, 'DENIED'),
    ]),
    [
      'not JSON',
      (_request, response) => {
        response.end('<html>');
        return true;
      },
    ],
    [
      'of another form',
      (_request, response) => {
        response.end('{"tags": {"a": 1}}');
        return true;
      },
    ],
    [
      'endless',
      ({ url }, response) => {
        const last = Number(url.searchParams.get('last') ?? 0) + 1;
        response.setHeader('link', `<${url.pathname}?n=1000&last=${last}>; rel="next"`);
        response.end(JSON.stringify({ tags: null }));
        return true;
      },
    ],
    [
      'large',
      (_request, response) => {
        response.end(JSON.stringify({ tags: ['x'.repeat(2_000_000)] }));
        return true;
      },
    ],
    [
      'at another host',
      (_request, response) => {
        response.setHeader('link', '<https://evil.test/v2/team/app/tags/list>; rel="next"');
        response.end('{"tags": []}');
        return true;
      },
    ],
    ['404', error(404, 'UNSUPPORTED')],
  ])('is reported although the list is %s', async (_name, fault) => {
    registry.fault = listing(fault);
    const { status, stderr } = await planned('team/app:2.4.99');
    expect(status).toBe(2);
    expect(stderr).toContain('team/app has no tag 2.4.99');
    expect(listings().length).toBeLessThanOrEqual(10);
  });

  it('does not print what no tag can be', async () => {
    registry.fault = listing((_request, response) => {
      response.end(JSON.stringify({ tags: ['2.4.98\u001B[31m', '2.4.98 x', '2.4.97'] }));
      return true;
    });
    expect((await planned('team/app:2.4.99')).stderr).toContain('it has 2.4.97\n');
  });

  it('makes no list for a digest', async () => {
    const { status, stderr } = await planned(`team/app@sha256:${'0'.repeat(64)}`);
    expect(status).toBe(2);
    expect(stderr).toContain(`team/app has no manifest sha256:0000`);
  });
});

describe('a repository that does not exist', () => {
  it('is not taken for a tag', async () => {
    registry.fault = listing(error(404, 'NAME_UNKNOWN'));
    const { status, stderr } = await planned('team/other:1');
    expect(status).toBe(2);
    expect(stderr).toContain(`there is no repository ${registry.host}/team/other`);
    expect(stderr).not.toContain('has no tag');
  });
});
