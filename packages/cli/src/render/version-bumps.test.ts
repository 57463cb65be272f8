import type { AddedImage, DiffResult, RemovedImage } from '@airgap/core';
import pc from 'picocolors';
import { describe, expect, it } from 'vitest';
import { renderDifference } from './difference.ts';
import { renderReleaseNotes } from './release-notes.ts';
import { pairVersions, splitName } from './version-bumps.ts';

const MB = 1_000_000;
const image = (name: string, digest = 'sha256:new') => ({ name, digest, platforms: [], bytes: 20 * MB });
const added = (name: string, digest?: string): AddedImage => ({ ...image(name, digest), newBytes: 6 * MB });
const removed = (name: string, digest?: string): RemovedImage => ({
  ...image(name, digest ?? 'sha256:old'),
  oldBytes: 5 * MB,
});
const result = (parts: Partial<DiffResult>): DiffResult => ({
  old: { path: '/a.tar', images: 1, blobs: 1, bytes: 1 },
  new: { path: '/b.tar', images: 1, blobs: 1, bytes: 1 },
  differs: true,
  added: [],
  removed: [],
  changed: [],
  unchanged: 0,
  onlyNew: { blobs: 2, bytes: 6_100_000 },
  onlyOld: { blobs: 0, bytes: 0 },
  shared: { blobs: 0, bytes: 0 },
  ...parts,
});

it.each([
  ['127.0.0.1:5000/team/app:1.0', '127.0.0.1:5000/team/app', '1.0'],
  ['127.0.0.1:5000/app@sha256:ab', '127.0.0.1:5000/app', 'sha256:ab'],
  ['quay.io/team/app', 'quay.io/team/app', ''],
  ['sha256', 'sha256', ''],
  ['', '', ''],
])('%s is %s and %s', (name, repository, tag) => expect(splitName(name)).toEqual({ repository, tag }));

describe('a new version', () => {
  it.each<[string, string[], string[], string[]]>([
    ['of the only tag', ['q.io/web:2.4.0'], ['q.io/web:2.5.0'], ['q.io/web 2.4.0 2.5.0']],
    ['of another repository is not paired', ['q.io/web:1'], ['q.io/api:2'], []],
    ['of several tags is not paired', ['q.io/web:1', 'q.io/web:2'], ['q.io/web:3'], []],
    ['with several tags is not paired', ['q.io/web:1'], ['q.io/web:2', 'q.io/web:3'], []],
    ['on another host is not paired', ['q.io:1/web:1'], ['q.io:2/web:2'], []],
    ['without a tag is not paired', ['q.io/web'], ['q.io/web:2'], []],
  ])('%s', (_name, before, after, expected) => {
    const paired = pairVersions({
      added: after.map(name => added(name)),
      removed: before.map(name => removed(name)),
    });
    const bumps = paired.bumps.map(({ repository, oldTag, newTag }) => `${repository} ${oldTag} ${newTag}`);
    expect(bumps).toEqual(expected);
    expect(paired.added).toHaveLength(after.length - expected.length);
    expect(paired.removed).toHaveLength(before.length - expected.length);
  });

  const bumped = result({
    removed: [removed('q.io/api:2.4.0', 'sha256:new'), removed('q.io/old:1'), removed('q.io/web:2.4.0')],
    added: [added('q.io/api:2.5.0'), added('q.io/new:1'), added('q.io/web:2.5.0')],
  });

  it('is one paragraph', () => {
    const text = renderDifference(bumped, pc.createColors(false));
    expect(text).toContain(
      'version q.io/web 2.4.0 -> 2.5.0\n  sha256:old -> sha256:new\n  20.0 MB, 6.0 MB new;',
    );
    expect(text).toContain('version q.io/api 2.4.0 -> 2.5.0\n  sha256:new\n  20.0 MB, same image\n');
    expect(text).toContain('1 added, 1 removed, 2 new versions, 0 changed, 0 unchanged');
  });

  it('is one row of the release notes', () =>
    expect(renderReleaseNotes(bumped).split('\n')).toEqual([
      '| image | before | after | new |',
      '| --- | --- | --- | --: |',
      '| q.io/api | 2.4.0 | 2.5.0 | same image |',
      '| q.io/new | – | 1 | 6.0 MB |',
      '| q.io/old | 1 | removed |  |',
      '| q.io/web | 2.4.0 | 2.5.0 | 6.0 MB |',
      '',
      'With the older bundle at hand, 6.1 MB (2 blobs) are new.',
      '',
    ]));
});

it('names of other tools cannot break the table', () =>
  expect(renderReleaseNotes(result({ added: [added('a|b`<c>\u001b\n/d:1')] }))).toContain(
    '| a\\|b\\`\\<c\\>\\\\u{1b}\\\\u{a}/d | – | 1 |',
  ));

it('says when no image has changed', () =>
  expect(renderReleaseNotes(result({ differs: false }))).toBe('No image has changed.\n'));
