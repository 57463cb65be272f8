import { setTimeout as sleep } from 'node:timers/promises';
import { load } from '@airgap/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TempDir } from './airgap.ts';
import { buildBundle } from './bundle.ts';
import { imageOf, indexOf, noiseOf } from './images/image.ts';
import { PushRegistry } from './registry/push-registry.ts';

const app = imageOf({ layers: [noiseOf(1, 1000)], compression: 'none' });
const arm = imageOf({
  layers: [noiseOf(2, 1000)],
  compression: 'none',
  platform: { os: 'linux', architecture: 'arm64' },
});
const many = indexOf([app, arm]);
/** A digest that is a tag as well, and tags of what it refers to. */
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
  readonly began: number;
  ended: number;
}

/** Loads the bundle into a registry that takes its time for every manifest. */
async function putsOfLoad(): Promise<Put[]> {
  const puts: Put[] = [];
  let clock = 0;
  await using registry = await PushRegistry.start();
  registry.fault = async ({ step, path }, response) => {
    if (step !== 'manifest') return false;
    const [, repository = '', reference = ''] = /^\/v2\/(.+)\/manifests\/(.+)$/.exec(path) ?? [];
    const put = { repository, reference, began: clock++, ended: Number.POSITIVE_INFINITY };
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

describe('a load puts', () => {
  let puts: Put[];
  const isTag = ({ reference }: Put) => !reference.includes(':');

  beforeAll(async () => {
    puts = await putsOfLoad();
  });

  it('each manifest once under its digest, and once under each tag', () => {
    const paths = puts.map(({ repository, reference }) => `${repository} ${reference}`);
    const tags = ['1', '2', 'amd64', 'arm64'].map(tag => `team/many ${tag}`);
    const digests = [many, app, arm].map(({ digest }) => `team/many ${digest}`);
    const other = ['1', '2', app.digest, arm.digest].map(reference => `other/app ${reference}`);
    expect(paths.sort()).toEqual([...tags, ...digests, ...other].sort());
  });

  it('children before their index, and tags last', () => {
    const at = (reference: string) =>
      puts.findIndex(put => put.repository === 'team/many' && put.reference === reference);
    expect(puts[at(many.digest)]?.began).toBeGreaterThan(puts[at(app.digest)]?.ended ?? 0);
    expect(puts[at(many.digest)]?.began).toBeGreaterThan(puts[at(arm.digest)]?.ended ?? 0);
    const lastDigest = Math.max(...puts.filter(put => !isTag(put)).map(({ ended }) => ended));
    const firstTag = Math.min(...puts.filter(isTag).map(({ began }) => began));
    expect(firstTag).toBeGreaterThan(lastDigest);
  });

  it.each([['team/many'], ['other/app']])('one tag of %s after another', repository => {
    const tags = puts.filter(put => put.repository === repository && isTag(put));
    expect(tags.length).toBeGreaterThan(1);
    for (const [at, { ended }] of tags.slice(0, -1).entries())
      expect(tags[at + 1]?.began).toBeGreaterThan(ended);
  });
});
