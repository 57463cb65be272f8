import { type AirgapError, type LoadOptions, type LoadResult, load } from '@airgap/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { status } from '../registry/fault-table.ts';
import { type Fault, TestRegistry } from '../registry/registry.ts';
import { type RegistryRequest, targetOf } from '../registry/request.ts';
import { sendError } from '../registry/response.ts';
import { airgap, TempDir } from '../support/airgap.ts';
import { buildBundle } from '../support/bundle.ts';
import { imageOf, indexOf, noiseOf, type TestImage } from '../support/images/image.ts';

const shared = noiseOf(1, 3000);
const imageWith = (seed: number, architecture = 'amd64', types: 'oci' | 'docker' = 'oci') =>
  imageOf({
    layers: [shared, noiseOf(seed, 1000)],
    platform: { os: 'linux', architecture },
    types,
    compression: types === 'oci' ? 'none' : 'gzip',
  });
const single = imageWith(2);
const docker = imageWith(3, 'amd64', 'docker');
const [amd64, arm64] = [imageWith(4), imageWith(5, 'arm64')];
const many = indexOf([amd64, arm64]);
const pinned = imageWith(6);
const IMAGES: Record<string, TestImage> = {
  'team/one:1': single,
  'team/two:1': docker,
  'team/many:1': many,
  [`team/pinned@${pinned.digest}`]: pinned,
};

const work = new TempDir();
const bundle = work.file('bundle.tar');
beforeAll(() => buildBundle(IMAGES, bundle));
afterAll(() => work[Symbol.dispose]());

let registry: TestRegistry;
beforeEach(async () => {
  registry = await TestRegistry.start();
  return () => registry[Symbol.asyncDispose]();
});

interface Loaded extends LoadResult {
  readonly notices: readonly string[];
}

async function loaded(options: Partial<LoadOptions> = {}): Promise<Loaded> {
  const notices: string[] = [];
  const result = (await load({
    bundle,
    target: registry.host,
    ...options,
    onEvent: event => {
      if (event.type === 'notice') notices.push(event.message);
    },
  } as LoadOptions)) as LoadResult;
  return { ...result, notices };
}
const only = (name: string) => ({ images: [`*/${name}`] });

async function rejection(promise: Promise<unknown>): Promise<AirgapError> {
  const error = await promise.then(
    () => new Error('it succeeded'),
    thrown => thrown,
  );
  return error as AirgapError;
}

/** Expects every image of the bundle in the registry. */
function expectComplete(names: readonly string[] = Object.keys(IMAGES)): void {
  for (const name of names) {
    const [repository = '', reference = ''] = name.split(/[:@](.*)/s);
    const expected = IMAGES[name];
    expect([name, registry.manifest(repository, reference)?.toString()]).toEqual([
      name,
      expected?.bytes.toString(),
    ]);
    for (const { blobs } of [expected, ...(expected?.children ?? [])] as TestImage[])
      for (const [digest, bytes] of blobs) expect(registry.blob(repository, digest)).toEqual(bytes);
  }
}

const isManifest = ({ path }: RegistryRequest) => targetOf(path).kind === 'manifests';
const isTag = ({ path }: RegistryRequest) =>
  isManifest({ path } as RegistryRequest) && !path.includes('sha256:');
const isBlob = ({ path }: RegistryRequest) => targetOf(path).kind === 'blobs';
const isRead = ({ method }: RegistryRequest) => method === 'HEAD' || method === 'GET';
/** Answers matching requests with a fault. */
const at =
  (matches: (request: RegistryRequest) => boolean, fault: Fault): Fault =>
  (request, response, content) =>
    matches(request) && fault(request, response, content);
const error =
  (code: number, name: string, message: string): Fault =>
  ({ incoming }, response) => {
    incoming.resume();
    sendError(response, code, name, message);
    return true;
  };
const uploads = () =>
  registry.seen.filter(({ step }) => ['start', 'mount', 'monolithic', 'chunk'].includes(step));
const firstUpload = () => registry.seen.findIndex(({ step }) => step === 'start');
const putsOf = (kind: 'tags' | 'digests') =>
  registry.seen.filter(request => request.step === 'manifest' && isTag(request) === (kind === 'tags'));

describe('row 28: a registry that answers the check of what need not exist with', () => {
  const CODES = [400, 401, 403, 405];
  it.each(CODES)('%i gets everything', async code => {
    registry.fault = at(request => isRead(request) && isTag(request), status(code));
    const { images, notices } = await loaded();
    expectComplete();
    expect(images.map(({ state, digest, found }) => [state, found === digest])).toEqual(
      images.map(() => ['pushed', true]),
    );
    expect(notices).toEqual([]);
  });

  it.each(CODES.flatMap(code => (['skip', 'fail'] as const).map(onExisting => [code, onExisting] as const)))(
    '%i and --on-existing %s says that it could not check',
    async (code, onExisting) => {
      registry.fault = at(request => isRead(request) && isTag(request), status(code));
      const { notices } = await loaded({ onExisting });
      expectComplete();
      expect(notices).toEqual([
        expect.stringMatching(
          new RegExp(
            `cannot check whether .*team.* and 2 more exists, .* answered ${code}: --on-existing ${onExisting}`,
          ),
        ),
      ]);
    },
  );

  it.each(CODES)('%i to manifests and blobs gets everything', async code => {
    registry.fault = at(request => isRead(request) && (isManifest(request) || isBlob(request)), status(code));
    await loaded();
    expectComplete();
  });

  it.each(CODES)(
    'a redirect to storage that answers %i to HEAD gets everything, at the first attempt',
    async code => {
      await using storage = await TestRegistry.start();
      storage.fault = status(code);
      registry.fault = at(
        request => request.method === 'HEAD' && isBlob(request),
        ({ path }, response, stored) => {
          const { repository, reference } = targetOf(path);
          if ((stored ?? registry.blob(repository, reference)) === undefined) return false;
          response.writeHead(307, { location: `http://${storage.host}${path}` }).end();
          return true;
        },
      );
      await loaded();
      expectComplete();
      await loaded({ checkBlobs: true });
      expectComplete();
      const requested = storage.seen.map(({ path }) => path);
      expect(requested.length).toBeLessThanOrEqual(new Set(requested).size * 3);
    },
  );

  it.each(CODES)('%i for the fallback tag of referrers gets one', async code => {
    const subject = imageWith(7);
    const { artifactOf } = await import('../support/images/image.ts');
    const artifact = artifactOf({ subject, artifactType: 'application/vnd.test.sbom' });
    const output = work.file(`referrers-${code}.tar`);
    await buildBundle({ 'team/sub:1': subject, [`team/sub@${artifact.digest}`]: artifact }, output);
    registry.fault = at(
      ({ path, method }) => method === 'GET' && path.includes('/manifests/sha256-'),
      status(code),
    );
    await load({ bundle: output, target: registry.host });
    const tag = subject.digest.replace(':', '-');
    expect(String(registry.manifest('team/sub', tag))).toContain(artifact.digest);
  });

  it('401 to wrong credentials stops before anything is sent', async () => {
    await using closed = await TestRegistry.start({
      auth: { scheme: 'basic', username: 'me', password: 'pw' },
    });
    for (const dryRun of [false, true]) {
      const failed = await rejection(
        loaded({
          target: closed.host,
          dryRun,
          credentials: { [closed.host]: { username: 'me', password: 'wrong' } },
        }),
      );
      expect(failed).toMatchObject({
        code: 'DENIED',
        message: expect.stringContaining('rejected the user me'),
      });
    }
    expect(closed.seen.every(isRead)).toBe(true);
  });
});

describe('a web page that answers every request with 200 is not taken for a registry', () => {
  it.each([[], ['--on-existing', 'skip'], ['--on-existing', 'fail'], ['--dry-run']])(
    'by load %j',
    async (...flags) => {
      registry.fault = (_request, response) => {
        response.setHeader('content-type', 'text/html');
        response.end('<html>Log in</html>');
        return true;
      };
      const { status, stderr } = await airgap(['load', bundle, registry.host, ...flags]);
      expect([status, stderr]).toEqual([3, expect.stringContaining('the manifest is not JSON')]);
      expect(stderr).toContain('Check that the host is a container registry');
      expect(registry.seen.every(isRead)).toBe(true);
    },
  );
});

describe('row 28: for the referrers of a build', () => {
  it.each([400, 401, 403, 405])('%i to a tag that need not exist means none, with one notice', async code => {
    const { build } = await import('@airgap/core');
    for (const name of ['team/a', 'team/b']) registry.push(`${name}:1`, single);
    registry.fault = at(({ path }) => /\/manifests\/sha256-/.test(path), status(code));
    const notices: string[] = [];
    const text = `${registry.host}/team/a:1\n${registry.host}/team/b:1\n`;
    await build({
      specs: [{ file: 'list', text }],
      output: work.file(`build-${code}.tar`),
      referrers: true,
      onEvent: event => {
        if (event.type === 'notice') notices.push(event.message);
      },
    });
    expect(notices).toEqual([
      expect.stringMatching(new RegExp(`${registry.host} answered ${code} .*referrers count as missing`)),
    ]);
  });
});

describe('row 29: an image with a tag', () => {
  it('is put by its tag; children and pinned names by digest', async () => {
    await loaded();
    const stored = registry.seen.slice(firstUpload()).filter(({ step }) => step === 'manifest');
    expect(new Set(stored.map(({ path }) => path.replace('/v2/', '')))).toEqual(
      new Set([
        'team/one/manifests/1',
        'team/two/manifests/1',
        `team/many/manifests/${amd64.digest}`,
        `team/many/manifests/${arm64.digest}`,
        `team/many/manifests/${many.digest}`,
        'team/many/manifests/1',
        `team/pinned/manifests/${pinned.digest}`,
      ]),
    );
  });

  it.each([400, 403, 404, 405])('that is refused by its digest (%i) is stored', async code => {
    registry.fault = at(request => request.step === 'manifest' && !isTag(request), status(code));
    await loaded(only('one:1'));
    expectComplete(['team/one:1']);
  });

  it('that is not visible by its digest until it is tagged is stored', async () => {
    registry.fault = at(
      request => isRead(request) && isManifest(request) && !isTag(request),
      error(404, 'MANIFEST_UNKNOWN', 'only tags'),
    );
    await loaded(only('one:1'));
    expectComplete(['team/one:1']);
  });

  it.each<[string, (request: RegistryRequest) => boolean]>([
    ['tags', isTag],
    ['manifests', request => isManifest(request) && !isTag(request)],
    ['blobs', isBlob],
  ])('in a registry that shows %s a second late is stored', async (_name, isLate) => {
    const firstSeen = new Map<string, number>();
    registry.fault = (request, response, content) => {
      if (request.step === 'manifest' || request.step === 'monolithic') return false;
      if (!isRead(request) || !isLate(request) || content === undefined) return false;
      const since = Date.now() - (firstSeen.get(request.path) ?? Date.now());
      if (!firstSeen.has(request.path)) firstSeen.set(request.path, Date.now());
      if (since >= 1000) return false;
      sendError(response, 404, 'UNKNOWN', 'not yet');
      return true;
    };
    await loaded();
    expectComplete();
  });

  it('that never appears is an error', async () => {
    registry.fault = at(
      request => isRead(request) && isTag(request),
      error(404, 'MANIFEST_UNKNOWN', 'never'),
    );
    expect(await rejection(loaded(only('one:1')))).toMatchObject({
      code: 'CONTENT',
      message: expect.stringContaining('the registry accepted'),
    });
  });
});

describe('row 30: a repository that must be created first', () => {
  const MESSAGE = "The repository with name 'team/one' does not exist in the registry with id '123456789012'";
  it.each([
    ['NAME_UNKNOWN', MESSAGE],
    ['NAME_UNKNOWN', 'repository name not known to registry'],
    ['RepositoryNotFoundException', MESSAGE],
  ])('%s: %s', async (code, message) => {
    registry.fault = at(
      ({ step }) => ['start', 'mount', 'manifest'].includes(step),
      error(404, code, message),
    );
    const { status: exit, stderr } = await airgap(['load', bundle, registry.host, '--images', '*/one:1']);
    expect(exit).toBe(2);
    expect(stderr).toContain('Create the repository team/one first');
    expect(stderr).toContain('aws ecr create-repository --repository-name team/one');
  });

  it('is found by a dry run where the answer is clear', async () => {
    registry.fault = at(({ path }) => path.startsWith('/v2/team/'), error(404, 'NAME_UNKNOWN', MESSAGE));
    const failed = await rejection(loaded({ ...only('one:1'), dryRun: true }));
    expect(failed).toMatchObject({ code: 'NOT_FOUND', hint: expect.stringContaining('create-repository') });
    expect(registry.seen.every(isRead)).toBe(true);
  });

  it('is reported by a dry run where most registries would create it', async () => {
    registry.fault = at(({ path }) => path.startsWith('/v2/team/'), error(404, 'NAME_UNKNOWN', 'unknown'));
    const { notices } = await loaded({ dryRun: true });
    expect(notices).toEqual([expect.stringMatching(/team\/many, .* and 1 more: no such repository yet/)]);
  });
});

describe('row 31: an immutable tag', () => {
  it.each([
    [
      'ECR',
      400,
      'ImageTagAlreadyExistsException',
      "The image tag '1' already exists in the 'team/one' repository and cannot be overwritten because the repository is immutable.",
    ],
    ['Harbor', 412, 'PRECONDITION', "Failed to process request due to 'one:1' configured as immutable."],
    ['Nexus', 400, 'UNKNOWN', 'Repository does not allow updating assets: docker'],
    ['Quay', 409, 'TAG_IMMUTABLE', 'tag 1 is immutable'],
    ['ACR', 405, 'UNSUPPORTED', 'write operations disabled for this tag'],
  ])('of %s', async (_registry, code, name, message) => {
    registry.fault = at(request => request.step === 'manifest' && isTag(request), error(code, name, message));
    const { status: exit, stderr } = await airgap(['load', bundle, registry.host, '--images', '*/one:1']);
    expect(exit).toBe(2);
    expect(stderr).toContain('The tag is immutable: use --on-existing skip');
  });

  it('with words that are not JSON', async () => {
    registry.fault = at(
      request => request.step === 'manifest' && isTag(request),
      ({ incoming }, response) => {
        incoming.resume();
        response.writeHead(409).end('Tag 1 is immutable');
        return true;
      },
    );
    expect((await rejection(loaded(only('one:1')))).hint).toContain('The tag is immutable');
  });

  it('another 400 is not taken for one', async () => {
    registry.fault = at(request => request.step === 'manifest' && isTag(request), status(400));
    expect((await rejection(loaded(only('one:1')))).hint).not.toContain('immutable');
  });
});

describe('row 32: a mount', () => {
  /** Two names of one image in two repositories. */
  const twice = work.file('twice.tar');
  beforeAll(() => buildBundle({ 'team/a:1': single, 'team/b:1': single }, twice));
  const expectBoth = () => {
    for (const repository of ['team/a', 'team/b'])
      expect(registry.manifest(repository, '1')?.toString()).toBe(single.bytes.toString());
  };

  it('that is answered with 202 without a Location is followed by an upload', async () => {
    registry.fault = at(
      ({ step }) => step === 'mount',
      (_request, response) => {
        response.writeHead(202).end();
        return true;
      },
    );
    await loaded({ bundle: twice });
    expectBoth();
  });

  it.each([400, 401, 403, 404, 405, 500, 501])(
    'that is refused with %i is replaced by an upload',
    async code => {
      registry.fault = at(({ step }) => step === 'mount', status(code));
      await loaded({ bundle: twice });
      expectBoth();
    },
  );

  it.each([400, 401, 403, 404])(
    'for which the token service has no token (%i) is replaced by an upload',
    async code => {
      const auth = { scheme: 'bearer', username: 'me', password: 'pw' } as const;
      await using closed = await TestRegistry.start({ auth });
      closed.fault = at(({ url }) => url.searchParams.getAll('scope').length > 1, status(code));
      await loaded({
        bundle: twice,
        target: closed.host,
        credentials: { [closed.host]: { username: 'me', password: 'pw' } },
      });
      for (const repository of ['team/a', 'team/b'])
        expect(closed.manifest(repository, '1')?.toString()).toBe(single.bytes.toString());
      expect(closed.seen.some(({ url }) => url.searchParams.getAll('scope').length > 1)).toBe(true);
    },
  );

  it.each([400, 401, 403, 405])(
    'a check of a blob that is refused with %i is followed by an upload',
    async code => {
      registry.fault = at(({ step, path }) => step === 'head' && path.includes('/blobs/'), status(code));
      await loaded();
      expectComplete();
    },
  );
});

describe('row 33: a media type that the registry refuses', () => {
  const refuses = (type: string, code: number, name: string, message: string): Fault =>
    at(
      ({ step, incoming }) => step === 'manifest' && incoming.headers['content-type'] === type,
      error(code, name, message),
    );
  it.each<[string, TestImage, number, string, string]>([
    ['Docker schema 2', docker, 415, 'MANIFEST_INVALID', 'manifest invalid'],
    ['an OCI image', single, 415, 'UNSUPPORTED', ''],
    [
      'an OCI index',
      many,
      400,
      'MANIFEST_INVALID',
      'unsupported media type: application/vnd.oci.image.index.v1+json',
    ],
    ['an OCI image', single, 405, 'UNSUPPORTED', 'mediaType is not allowed'],
  ])('%s: %j', async (_name, image, code, name, message) => {
    registry.fault = refuses(image.mediaType, code, name, message);
    const failed = await rejection(loaded());
    expect(failed).toMatchObject({ code: 'UNSUPPORTED', message: expect.stringContaining(image.mediaType) });
    expect(failed.hint).toMatch(/\.$/);
    expect(uploads()).toEqual([]);
  });

  it('is looked for with one manifest of each type', async () => {
    await loaded();
    const before = registry.seen.slice(0, firstUpload()).filter(({ step }) => step === 'manifest');
    expect(before.map(({ incoming }) => incoming.headers['content-type']).sort()).toEqual(
      [docker.mediaType, many.mediaType, single.mediaType].sort(),
    );
    expect(before.every(request => !isTag(request))).toBe(true);
    expect(putsOf('tags')).toHaveLength(3);
  });

  it('is not looked for when there is nothing to upload', async () => {
    await loaded();
    const seen = registry.seen.length;
    await loaded();
    expect(registry.seen.slice(seen).every(isRead)).toBe(true);
  });

  it.each([400, 403, 404, 500, 503])('is not concluded from %i without such words', async code => {
    let refused = 0;
    registry.fault = at(({ step }) => {
      if (step !== 'manifest' || uploads().length > 0) return false;
      refused += 1;
      return true;
    }, status(code));
    await loaded();
    expectComplete();
    expect(refused).toBe(3);
  });
});
