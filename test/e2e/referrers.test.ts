import { mkdirSync, readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import type { RegistryRequest } from '../registry/request.ts';
import { airgap, TempDir } from '../support/airgap.ts';
import {
  artifactOf,
  imageOf,
  indexOf,
  noiseLayer,
  signatureOf,
  type TestImage,
} from '../support/images/image.ts';
import { Distribution } from '../support/programs/distribution.ts';
import { findProgram, missingPrograms } from '../support/programs/program.ts';
import { ServingProcess } from '../support/programs/serving.ts';
import { Zot } from '../support/programs/zot.ts';

const REPOSITORY = 'quay.io/team/app';
const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json';

const platforms = ['amd64', 'arm64'].map(architecture => ({ os: 'linux', architecture }));
const layer = await noiseLayer('referred', 1000);
const children = platforms.map(platform => imageOf({ layers: [layer], platform })) as [TestImage, TestImage];
const app = indexOf(children);
const signature = signatureOf(app);
const childSignature = signatureOf(children[0]);
const sbom = {
  ...artifactOf({ subject: children[0], artifactType: 'application/spdx+json' }),
  artifactType: 'application/spdx+json',
};
const report = artifactOf({ subject: app, annotations: { kind: 'report' } });
const sbomSignature = artifactOf({ subject: sbom, artifactType: 'application/vnd.test.signature' });
const liar = artifactOf({ subject: sbom, artifactType: 'application/vnd.test.liar' });

const tagOf = ({ digest }: TestImage, kind = '') => digest.replace(':', '-') + kind;
const nameOf = ({ digest }: TestImage) => `${REPOSITORY}@${digest}`;
/** Every name in the bundle for all platforms, sorted. */
const everything = [
  `${REPOSITORY}:1`,
  `${REPOSITORY}:${tagOf(app, '.sig')}`,
  `${REPOSITORY}:${tagOf(children[0], '.att')}`,
  ...[sbom, report, sbomSignature].map(nameOf),
].sort();

/** Subject → its referrers. */
const lists = new Map([
  [app.digest, [report]],
  [children[0].digest, [sbom]],
  [sbom.digest, [sbomSignature]],
]);

let registry: TestRegistry;
const work = new TempDir({ 'images.txt': `${REPOSITORY}:1\n` });
const bundle = work.file('bundle.tar');

beforeEach(async () => {
  registry = await TestRegistry.start();
  registry.push('team/app:1', app);
  registry.push(`team/app:${tagOf(app, '.sig')}`, signature);
  registry.push(`team/app:${tagOf(children[0], '.att')}`, childSignature);
  for (const artifact of [sbom, report, sbomSignature, liar]) registry.push('team/app:untagged', artifact);
  return () => registry[Symbol.asyncDispose]();
});
afterAll(() => work[Symbol.dispose]());

/** Builds a bundle of the image with its referrers. */
async function build(...flags: string[]) {
  const args = [
    'build',
    'images.txt',
    '--referrers',
    '--mirror',
    `quay.io=http://${registry.host}`,
    '--json',
  ];
  const { status, stdout, stderr } = await airgap([...args, ...flags, '-o', bundle], { cwd: work.path });
  const names =
    status === 0 ? JSON.parse(stdout.toString()).images.map((image: { name: string }) => image.name) : [];
  return { status, stderr, names: names as string[] };
}

/** Pushes the lists under the fallback tags. */
function pushFallbackTags(): void {
  for (const [digest, list] of lists) registry.push(`team/app:${digest.replace(':', '-')}`, indexOf(list));
}

/** Serves the referrers API: an empty page, then one referrer per page. */
function serveApi(
  link = (path: string, at: number) => `<${path}?at=${at}>; rel="next"`,
): (seen: RegistryRequest, response: ServerResponse) => boolean {
  const pages = new Map<string, number>();
  return ({ path }, response) => {
    const digest = /\/referrers\/(.*)$/.exec(path)?.[1];
    if (digest === undefined) return false;
    const list = lists.get(digest) ?? [];
    const page = pages.get(digest) ?? 0;
    pages.set(digest, page + 1);
    response.setHeader('content-type', INDEX_TYPE);
    if (page < list.length) response.setHeader('link', link(path, page + 1));
    response.end(indexOf(list.slice(Math.max(0, page - 1), page)).bytes);
    return true;
  };
}

describe('referrers are found', () => {
  it('by tags, without the API', async () => {
    pushFallbackTags();
    const { status, names } = await build('--platform', 'all');
    expect(status).toBe(0);
    expect([...names].sort()).toEqual(everything);
  });

  it('by the API, page by page', async () => {
    registry.fault = serveApi();
    expect((await build('--platform', 'all')).names.sort()).toEqual(everything);
    expect(registry.seen.some(({ path }) => path.endsWith(tagOf(app)))).toBe(false);
  });

  it('only with --referrers', async () => {
    pushFallbackTags();
    const args = ['build', 'images.txt', '--platform', 'all', '--mirror', `quay.io=http://${registry.host}`];
    await airgap([...args, '-o', bundle], { cwd: work.path });
    expect(registry.seen.some(({ path }) => path.includes('sha256-') || path.includes('referrers'))).toBe(
      false,
    );
  });

  it('for the selected platform, with a notice about those of the index', async () => {
    pushFallbackTags();
    const { names, stderr } = await build();
    expect(names).toContain(nameOf(sbom));
    expect(names).not.toContain(nameOf(report));
    expect(names).not.toContain(`${REPOSITORY}:${tagOf(app, '.sig')}`);
    expect(stderr).toContain('skipped 2 referrers of its index');
  });

  it('with the same bytes each time', async () => {
    pushFallbackTags();
    await build('--platform', 'all');
    const first = readFileSync(bundle);
    registry.fault = serveApi();
    await build('--platform', 'all', '--concurrency', '1');
    expect(readFileSync(bundle).equals(first)).toBe(true);
  });

  it('except for wrong entries in a list, with a notice', async () => {
    registry.push(`team/app:${tagOf(app)}`, indexOf([liar]));
    const { status, names, stderr } = await build('--platform', 'all');
    expect(status).toBe(0);
    expect(names).not.toContain(nameOf(liar));
    expect(stderr).toContain(`skipped ${nameOf(liar)}: its subject is another manifest`);
  });
});

describe('a registry with an invalid list of referrers', () => {
  it.each([
    ['endless', (path: string, at: number) => `<${path}?at=${at}>; rel=next`, 'more than 1000'],
    [
      'continued at another host',
      () => '<http://127.0.0.1:1/v2/>; rel="next"',
      'has an invalid URL or is at another host',
    ],
    [
      'continued at an invalid URL',
      () => '<http://[>; rel="next"',
      'has an invalid URL or is at another host',
    ],
  ])('%s, fails the build', async (_name, link, words) => {
    const serve = serveApi(link);
    registry.fault = (seen, response) => {
      response.setHeader('link', link(seen.path, 1));
      const { end } = response;
      return serve(seen, Object.assign(response, { end }));
    };
    const { status, stderr } = await build('--platform', 'all');
    expect(stderr).toContain(words);
    expect(status).toBe(3);
    expect(registry.seen.filter(({ path }) => path.includes('/referrers/')).length).toBeLessThan(500);
  });

  it('that is too long, fails the build', async () => {
    const many = Array.from({ length: 1001 }, (_, at) => ({
      ...sbom,
      digest: `sha256:${String(at).padStart(64, '0')}`,
    }));
    registry.push(`team/app:${tagOf(app)}`, { ...indexOf(many), children: [] });
    const { status, stderr } = await build('--platform', 'all');
    expect(stderr).toContain('more than 1000');
    expect(status).toBe(3);
  });

  it.each([400, 405, 501])('and %i from the API, falls back to the tag', async status => {
    pushFallbackTags();
    registry.fault = ({ path }, response) => {
      if (!path.includes('/referrers/')) return false;
      response.statusCode = status;
      response.end();
      return true;
    };
    expect((await build('--platform', 'all')).names.sort()).toEqual(everything);
  });

  it('and 403 from the API, fails the build', async () => {
    registry.fault = ({ path }, response) => {
      if (!path.includes('/referrers/')) return false;
      response.statusCode = 403;
      response.end();
      return true;
    };
    const { status, stderr } = await build('--platform', 'all');
    expect(stderr).toContain('cannot list the referrers of the image');
    expect(status).toBe(2);
  });
});

describe('a bundle with referrers', () => {
  beforeEach(async () => {
    pushFallbackTags();
    expect((await build('--platform', 'all')).status).toBe(0);
  });

  it('is valid, and hides the signatures from docker load', async () => {
    expect((await airgap(['verify', bundle])).status).toBe(0);
    const classic = readFileSync(bundle).toString('latin1');
    expect(classic).toContain('"RepoTags":["quay.io/team/app:1"]');
    expect(classic).not.toMatch(/"RepoTags":\[[^\]]*\.sig/);
  });

  it('shows the subject of each', async () => {
    const { stdout } = await airgap(['inspect', bundle, '--json']);
    const images: { name: string; subject?: string }[] = JSON.parse(stdout.toString()).images;
    const subjects = new Map(images.map(({ name, subject }) => [name, subject]));
    expect(subjects.get(`${REPOSITORY}:1`)).toBeUndefined();
    expect(subjects.get(`${REPOSITORY}:${tagOf(app, '.sig')}`)).toBe(app.digest);
    expect(subjects.get(nameOf(sbom))).toBe(children[0].digest);
    expect(subjects.get(nameOf(sbomSignature))).toBe(sbom.digest);
    expect((await airgap(['inspect', bundle])).stdout.toString()).toContain(
      `refers to ${children[0].digest}`,
    );
  });

  it('serves them, by tag, by digest and by subject', async () => {
    await using serving = await ServingProcess.start([bundle]);
    const get = async (path: string) => (await fetch(`${serving.url}/v2/${REPOSITORY}/${path}`)).json();
    expect(await get(`manifests/${tagOf(app, '.sig')}`)).toEqual(JSON.parse(signature.bytes.toString()));
    const { manifests } = (await get(`referrers/${app.digest}`)) as { manifests: { digest: string }[] };
    expect(manifests.map(({ digest }) => digest)).toEqual([report.digest]);
  });
});

for (const program of ['docker-registry', 'registry']) {
  const missing = missingPrograms('docker-registry').concat(program === 'registry' ? optional(program) : []);
  if (missing.length > 0)
    process.stderr.write(`\nSKIPPED: referrers in ${program}, missing ${missing.join(', ')}\n`);

  describe.skipIf(missing.length > 0)(`${program}, without the referrers API`, () => {
    let target: Distribution;
    const folder = work.file(program);
    beforeAll(async () => {
      mkdirSync(folder);
      target = await Distribution.start(folder, { program });
    });
    afterAll(() => target?.[Symbol.asyncDispose]());

    const load = async (...flags: string[]) => {
      const outcome = await airgap(['load', bundle, `${target.host}/far`, '--json', ...flags]);
      expect(outcome.stderr).not.toContain('error');
      return JSON.parse(outcome.stdout.toString());
    };
    const get = (path: string) =>
      fetch(`http://${target.host}/v2/far/team/app/${path}`, {
        headers: { accept: `${INDEX_TYPE}, ${sbom.mediaType}` },
      });
    const listed = async (subject: TestImage) => {
      const { manifests } = (await (await get(`manifests/${tagOf(subject)}`)).json()) as {
        manifests: object[];
      };
      return manifests;
    };

    it('receives all referrers, and lists under the fallback tags', async () => {
      pushFallbackTags();
      await build('--platform', 'all');
      expect((await get(`referrers/${app.digest}`)).status).toBe(404);
      const { images } = await load();
      expect(images.map(({ name }: { name: string }) => name).sort()).toEqual(everything);
      expect((await get(`manifests/${tagOf(app, '.sig')}`)).headers.get('docker-content-digest')).toBe(
        signature.digest,
      );
      expect((await get(`manifests/${sbom.digest}`)).status).toBe(200);
      expect(await listed(app)).toEqual([
        {
          mediaType: report.mediaType,
          digest: report.digest,
          size: report.bytes.length,
          artifactType: 'application/vnd.test.config.v1+json',
          annotations: { kind: 'report' },
        },
      ]);
      expect(await listed(children[0])).toMatchObject([
        { digest: sbom.digest, artifactType: 'application/spdx+json' },
      ]);
      expect(await listed(sbom)).toMatchObject([{ digest: sbomSignature.digest }]);
    });

    it('preserves other entries of the lists, and a second load changes nothing', async () => {
      await target.push('far/team/app:elsewhere', report);
      await target.push(`far/team/app:${tagOf(app)}`, indexOf([children[1]]));
      expect((await load()).uploaded.blobs).toBe(0);
      expect(await listed(app)).toMatchObject([{ digest: children[1].digest }, { digest: report.digest }]);
      const before = (await get(`manifests/${tagOf(app)}`)).headers.get('docker-content-digest');
      await load();
      expect((await get(`manifests/${tagOf(app)}`)).headers.get('docker-content-digest')).toBe(before);
    });

    it('can be the source of the same bundle', async () => {
      const args = ['build', 'images.txt', '--referrers', '--platform', 'all', '-o', 'again.tar'];
      const mirror = `quay.io=http://${target.host}/far`;
      const { status, stderr } = await airgap([...args, '--mirror', mirror], { cwd: work.path });
      expect(stderr).not.toContain('error');
      expect(status).toBe(0);
      expect((await airgap(['inspect', work.file('again.tar')])).stdout.toString()).toContain(sbom.digest);
    });

    it('receives the referrers of the selected images', async () => {
      const { images } = await load('--images', `${REPOSITORY}:1`);
      expect(images).toHaveLength(everything.length);
    });
  });
}

const withoutZot = optional('zot').length > 0;
if (withoutZot) process.stderr.write('\nSKIPPED: referrers in zot, missing zot\n');

describe.skipIf(withoutZot)('zot, with the referrers API', () => {
  it('lists all referrers without fallback tags, and a second load uploads nothing', async () => {
    pushFallbackTags();
    await build('--platform', 'all');
    using folder = new TempDir();
    await using zot = await Zot.start(folder.path);
    const load = async () => {
      const { stdout, stderr } = await airgap(['load', bundle, `${zot.host}/far`, '--json']);
      expect(stderr).not.toContain('error');
      return JSON.parse(stdout.toString());
    };
    const get = (path: string) => fetch(`http://${zot.host}/v2/far/team/app/${path}`);
    await load();
    for (const [subject, list] of lists) {
      const { manifests } = (await (await get(`referrers/${subject}`)).json()) as {
        manifests: { digest: string }[];
      };
      expect(manifests.map(({ digest }) => digest)).toEqual(list.map(({ digest }) => digest));
      expect((await get(`manifests/${subject.replace(':', '-')}`)).status).toBe(404);
    }
    const { uploaded, images } = await load();
    expect(uploaded.blobs).toBe(0);
    expect(images.every(({ state }: { state: string }) => state === 'present')).toBe(true);
  });
});

/** Programs that no Linux distribution packages: they may be missing in CI. */
function optional(program: string): string[] {
  return findProgram(program) === undefined ? [program] : [];
}
