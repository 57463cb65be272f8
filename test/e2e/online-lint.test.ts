import { lint, rules } from '@airgap/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { sendError } from '../registry/response.ts';
import { airgap, TempDir } from '../support/airgap.ts';
import {
  attestationOf,
  imageOf,
  indexOf,
  noiseLayer,
  sha256,
  type TestImage,
  type TestLayer,
} from '../support/images/image.ts';

const ARM64 = { os: 'linux', architecture: 'arm64' };
const SCHEMA1 = 'application/vnd.docker.distribution.manifest.v1+prettyjws';

let registry: TestRegistry;

beforeAll(async () => {
  registry = await TestRegistry.start();
  const layer = await noiseLayer('lint', 1000);
  const app = imageOf({ layers: [layer] });
  const layerOf = (size: number) => ({ digest: sha256(Buffer.from(`${size}`)), size, diffId: layer.diffId });
  const images: Record<string, TestImage> = {
    app,
    arm: imageOf({ layers: [layer], platform: ARM64 }),
    both: indexOf([app, imageOf({ layers: [layer], platform: ARM64 })]),
    attested: indexOf([app, await attestationOf(app)]),
    large: imageOf({ layers: [layer, layerOf(1_950_000_000)] }),
    nearly: imageOf({ layers: [layerOf(1_800_000_000), layerOf(1_800_000_001)] }),
    schema1: schema1(),
    old: withOldConfigType(layer),
  };
  for (const [name, image] of Object.entries(images)) {
    registry.push(`team/${name}:1`, image);
    registry.push(`shop/${name}:1`, image);
  }
  registry.fault = ({ path }, response) => {
    if (!path.includes('/secret/')) return false;
    sendError(response, 403, 'DENIED', 'not for you');
    return true;
  };
});
afterAll(() => registry[Symbol.asyncDispose]());

/** An image as registries stored it before 2016. */
function withOldConfigType(layer: TestLayer): TestImage {
  const image = imageOf({ layers: [layer], types: 'docker' });
  const manifest = JSON.parse(image.bytes.toString());
  manifest.config.mediaType = 'application/octet-stream';
  const bytes = Buffer.from(JSON.stringify(manifest));
  return { ...image, bytes, digest: sha256(bytes) };
}

function schema1(): TestImage {
  const bytes = Buffer.from(
    JSON.stringify({ schemaVersion: 1, name: 'team/schema1', tag: '1', fsLayers: [] }),
  );
  return { mediaType: SCHEMA1, digest: sha256(bytes), bytes, blobs: new Map(), children: [] };
}

/** A row whose image has a finding, is similar but has none, or is a template. */
type Row = readonly [kind: 'finds' | 'near miss' | 'templates', image: string, expected: readonly string[]];

/** Images of the Replicated registry are `shop/NAME`; of others, `team/NAME`. The image is on line 5. */
const pod = (image: string) =>
  `apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: ${image}\n    imagePullPolicy: Never\n`;
const TEMPLATE = '"{{repl X}}"';

const RULES: Record<string, readonly Row[]> = {
  'tag-not-found': [
    ['finds', 'team/app:2', ['5 error']],
    ['finds', 'team/nothing:1', ['5 error']],
    ['near miss', 'team/app:1', []],
    ['near miss', 'team/arm:1', []],
    ['templates', TEMPLATE, []],
  ],
  'missing-platform': [
    ['finds', 'team/arm:1', ['5 error']],
    ['near miss', 'team/both:1', []],
    ['near miss', 'team/app:2', []],
    ['templates', TEMPLATE, []],
  ],
  'unsupported-manifest': [
    ['finds', 'team/schema1:1', ['5 error']],
    ['near miss', 'team/app:1', []],
    ['templates', TEMPLATE, []],
  ],
  'not-answered': [
    ['finds', 'secret/app:1', ['5 warning']],
    ['near miss', 'team/app:2', []],
    ['templates', TEMPLATE, []],
  ],
  'refused-attestation': [
    ['finds', 'shop/attested:1', ['5 warning']],
    ['near miss', 'team/attested:1', []],
    ['near miss', 'shop/both:1', []],
    ['templates', TEMPLATE, []],
  ],
  'old-config-type': [
    ['finds', 'team/old:1', ['5 info']],
    ['near miss', 'team/app:1', []],
    ['templates', TEMPLATE, []],
  ],
  'large-layer': [
    ['finds', 'shop/large:1', ['5 warning']],
    ['near miss', 'team/large:1', []],
    ['near miss', 'shop/nearly:1', []],
    ['templates', TEMPLATE, []],
  ],
};

const online = () => ({
  mirrors: { 'registry.replicated.com': `http://${registry.host}` },
  plainHttp: [registry.host],
});

/** Returns the reference of a row's image in the test registry. */
function named(image: string): string {
  if (image.startsWith('shop/')) return `registry.replicated.com/${image}`;
  return image === TEMPLATE ? image : `${registry.host}/${image}`;
}

describe.each(Object.entries(RULES))('%s', (rule, rows) => {
  it.each(rows)('%s: %s', async (_kind, image, expected) => {
    const specs = [{ file: 'a.yaml', text: pod(named(image)) }];
    const { findings } = await lint({ specs, online: online() });
    const matching = findings.filter(finding => finding.rule === rule);
    expect(matching.map(({ severity, position }) => `${position.line} ${severity}`)).toEqual(expected);
    expect(matching.every(({ message, hint }) => message !== '' && hint !== '')).toBe(true);
  });
});

it.each(rules.filter(({ queriesRegistries }) => queriesRegistries))(
  '$id has a row of each kind',
  ({ id }) => {
    const kinds = new Set(RULES[id]?.map(([kind]) => kind));
    expect([...kinds].sort()).toEqual(['finds', 'near miss', 'templates']);
  },
);

describe('lint', () => {
  const found = async (text: string, app?: string, isOnline = true) => {
    const options = isOnline ? { online: online() } : {};
    const specs = [{ file: 'a.yaml', text }];
    const { findings } = await lint({ specs, locations: { app }, ...options });
    return findings.map(({ rule, position }) => `${position.line} ${rule}`);
  };

  it('makes no request without online', async () => {
    const before = registry.seen.length;
    expect(await found(`${registry.host}/team/app:2\n`, undefined, false)).toEqual([]);
    expect(registry.seen.length).toBe(before);
  });

  it('resolves all images of the list, and returns all findings sorted by line', async () => {
    const names = [
      'team/app:2',
      'team/app:1',
      'team/arm:1',
      'team/both:1',
      'secret/other:1',
      'team/schema1:1',
    ];
    expect(await found(names.map(name => `${registry.host}/${name}\n`).join(''))).toEqual([
      '1 tag-not-found',
      '3 missing-platform',
      '5 not-answered',
      '6 unsupported-manifest',
    ]);
  });

  it('checks an image of the Replicated registry through a mirror', async () => {
    const list = 'images:\n- {source: replicated, name: attested, tag: "1"}\n';
    expect(await found(list, 'shop')).toEqual(['2 refused-attestation']);
  });

  it('reports an image that cannot be located once', async () => {
    const list = 'images:\n- {source: theirs, name: t/a, tag: "1"}\n';
    expect(await found(list)).toEqual(['2 unknown-registry']);
    const replicated = 'images:\n- {source: replicated, name: app, tag: "1"}\n';
    await expect(found(replicated)).rejects.toMatchObject({
      code: 'INPUT',
      hint: expect.stringContaining('--app'),
    });
  });

  it('applies ignore comments, and reports unused ones only when online', async () => {
    const list = (tag: string) => `${registry.host}/team/app:${tag} # airgap-ignore tag-not-found: soon\n`;
    expect(await found(list('2'))).toEqual([]);
    expect(await found(list('1'))).toEqual(['1 unused-ignore']);
    expect(await found(list('1'), undefined, false)).toEqual([]);
  });

  it('stops when interrupted', async () => {
    const specs = [{ file: 'a.yaml', text: `${registry.host}/team/app:1\n` }];
    const signal = AbortSignal.abort();
    await expect(lint({ specs, signal, online: online() })).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});

describe('airgap', () => {
  const LIST = 'images:\n- {source: replicated, name: attested, tag: "1"}\n';
  const run = async (args: readonly string[], config = '') => {
    using place = new TempDir({ 'app.yaml': LIST, 'airgap.yaml': `app: shop\n${config}` });
    const mirror = ['--mirror', `registry.replicated.com=http://${registry.host}`];
    const { status, stdout, stderr } = await airgap([...args, 'app.yaml', ...mirror], { cwd: place.path });
    return { status, stdout: stdout.toString(), stderr };
  };
  const WARNING = /^app\.yaml:2:\d+: warning refused-attestation/m;

  it('lint --online reports on stdout, and only there', async () => {
    const { status, stdout, stderr } = await run(['lint', '--online']);
    expect({ status, stdout }).toEqual({ status: 1, stdout: expect.stringMatching(WARNING) });
    expect(stderr).not.toMatch(WARNING);
  });

  it.each([
    ['lint', '--online', '--format', 'json'],
    ['plan', '--json'],
  ])('%s includes findings in its JSON', async (...args) => {
    const { findings } = JSON.parse((await run(args)).stdout);
    expect(findings).toMatchObject([{ rule: 'refused-attestation', position: { line: 2 } }]);
  });

  it.each([['plan'], ['build', '-o', 'b.tar']])('%s counts the findings and succeeds', async (...args) => {
    const { status, stderr } = await run(args);
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: expect.stringMatching(
        /^1 warning: "airgap lint --online app.yaml" or --lint full shows them$/m,
      ),
    });
    expect(stderr).not.toMatch(WARNING);
  });

  it.each([['plan'], ['build', '-o', 'b.tar']])('%s prints a warning with --lint full', async (...args) => {
    const { status, stderr } = await run([...args, '--lint', 'full']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringMatching(WARNING) });
    expect(stderr).not.toContain('airgap lint');
  });

  it('plan does not report a rule that is off', async () => {
    const { stderr } = await run(['plan', '--lint', 'full'], 'rules: { refused-attestation: off }');
    expect(stderr).not.toMatch(WARNING);
    expect(stderr).not.toContain('warning');
  });

  it('build --strict fails', async () => {
    const { status, stderr } = await run(['build', '-o', 'b.tar', '--strict']);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringContaining('the specs have 1 finding'),
    });
  });

  it('lint rejects --online with --fix', async () =>
    expect(await run(['lint', '--online', '--fix'])).toMatchObject({ status: 2 }));
});
