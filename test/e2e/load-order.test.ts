import { setTimeout as sleep } from 'node:timers/promises';
import { load } from '@airgap/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { TempDir } from '../support/airgap.ts';
import { buildBundle } from '../support/bundle.ts';
import { imageOf, indexOf, noiseOf } from '../support/images/image.ts';

const app = imageOf({ layers: [noiseOf(1, 1000)], compression: 'none' });
const arm = imageOf({
  layers: [noiseOf(2, 1000)],
  compression: 'none',
  platform: { os: 'linux', architecture: 'arm64' },
});
const many = indexOf([app, arm]);
/** An index by digest and by tag, and tags of its manifests. */
const IMAGES = {
  [`team/many@${many.digest}`]: many,
  'team/many:1': many,
  'team/many:2': many,
  'team/many:amd64': app,
  'team/many:arm64': arm,
  'other/app:1': app,
  'other/app:2': arm,
};

const work = new TempDir();
const bundle = work.file('bundle.tar');

beforeAll(() => buildBundle(IMAGES, bundle));
afterAll(() => work[Symbol.dispose]());

interface Put {
  readonly repository: string;
  readonly reference: string;
  /** Logical time of the start and the end of the request. */
  readonly started: number;
  ended: number;
}

/** Loads the bundle into a registry that is slow to store manifests. */
async function putsOfLoad(): Promise<Put[]> {
  const puts: Put[] = [];
  let clock = 0;
  await using registry = await TestRegistry.start();
  registry.fault = async ({ step, path }, response) => {
    // Before the first upload, a load only checks that the registry accepts the media types.
    const isChecking = !registry.seen.some(seen => seen.step === 'start');
    if (step !== 'manifest' || isChecking) return false;
    const match = /^\/v2\/(.+)\/manifests\/(.+)$/.exec(path);
    const repository = match?.[1] ?? '';
    const reference = match?.[2] ?? '';
    const put = { repository, reference, started: clock++, ended: Number.POSITIVE_INFINITY };
    puts.push(put);
    response.once('finish', () => {
      put.ended = clock++;
    });
    await sleep(20);
    return false;
  };
  await load({ bundle, target: registry.host });
  return puts;
}

describe('a load pushes', () => {
  let puts: Put[];
  const isTag = ({ reference }: Put) => !reference.includes(':');

  beforeAll(async () => {
    puts = await putsOfLoad();
  });

  it('each manifest of an index once by digest, and once for each tag', () => {
    const paths = puts.map(({ repository, reference }) => `${repository} ${reference}`);
    const tags = ['1', '2', 'amd64', 'arm64'].map(tag => `team/many ${tag}`);
    const digests = [many, app, arm].map(({ digest }) => `team/many ${digest}`);
    const other = ['1', '2'].map(reference => `other/app ${reference}`);
    expect(paths.sort()).toEqual([...tags, ...digests, ...other].sort());
  });

  it('manifests before their index, and tags last', () => {
    const putOf = (reference: string) =>
      puts.find(put => put.repository === 'team/many' && put.reference === reference);
    expect(putOf(many.digest)?.started).toBeGreaterThan(putOf(app.digest)?.ended ?? 0);
    expect(putOf(many.digest)?.started).toBeGreaterThan(putOf(arm.digest)?.ended ?? 0);
    const lastDigest = Math.max(...puts.filter(put => !isTag(put)).map(({ ended }) => ended));
    const firstTag = Math.min(...puts.filter(isTag).map(({ started }) => started));
    expect(firstTag).toBeGreaterThan(lastDigest);
  });

  it.each([['team/many'], ['other/app']])('the tags of %s one after another', repository => {
    const tags = puts.filter(put => put.repository === repository && isTag(put));
    expect(tags.length).toBeGreaterThan(1);
    for (const [index, { ended }] of tags.slice(0, -1).entries())
      expect(tags[index + 1]?.started).toBeGreaterThan(ended);
  });
});
