import { describe, expect, it } from 'vitest';
import type { BundleInput } from '../bundle/entry-content.ts';
import { blobPath } from '../layout/documents.ts';
import { digestOf } from '../oci/digest.ts';
import { Reference } from '../reference/reference.ts';
import { planTar } from '../tar/plan.ts';
import { parsePlan, parsePlanDigest, planShards, restorePlan } from './shard-plan.ts';

const MIB = 1024 ** 2;
const name = Reference.parse('quay.io/team/app:1');
const index = Buffer.from('{"schemaVersion":2}');

function blob(seed: number, size: number): BundleInput {
  const descriptor = { mediaType: 'application/x', digest: digestOf(Buffer.from([seed])), size };
  const content = { blob: descriptor, from: name, images: new Set([name.toString()]) };
  return { name: blobPath(descriptor), size, content };
}

const plan = planTar(
  [
    { name: 'index.json', size: index.length, content: { bytes: index } },
    ...[1, 2, 3, 4].map(seed => blob(seed, seed * 6 * MIB + seed)),
  ],
  1_700_000_000,
);
const options = { upload: 'an-upload', index: digestOf(index), shards: 2, partSize: 5 * MIB };
const stored = planShards(plan, options);
const head = Buffer.concat(stored.head);

/** The stored document with a change, and the digest of the result. */
function changed(change: (document: Record<string, unknown>) => void) {
  const document = JSON.parse(stored.document.toString());
  change(document);
  const bytes = Buffer.from(JSON.stringify(document));
  return { bytes, digest: digestOf(bytes) };
}

describe('a plan of shards', () => {
  it('is the same after it was stored and read', () => {
    const restored = restorePlan(parsePlan(stored.document, stored.digest), stored.digest, head);
    expect(restored.plan).toEqual(plan);
    expect(restored.shards).toEqual(stored.shards);
    expect(restored.upload).toBe('an-upload');
    expect(restored.index).toBe(digestOf(index));
  });

  it('has each task in one shard', () => {
    const starts = stored.shards.flat().map(({ start }) => start);
    expect(new Set(starts).size).toBe(starts.length);
    expect(stored.shards.map(tasks => tasks.length).every(count => count > 0)).toBe(true);
  });

  it('has other digests for other uploads', () => {
    expect(planShards(plan, { ...options, upload: 'another' }).digest).not.toBe(stored.digest);
  });

  it('is refused with another digest', () => {
    const other = digestOf(Buffer.from('other'));
    expect(() => parsePlan(stored.document, other)).toThrow(
      expect.objectContaining({ code: 'CONTENT', message: expect.stringContaining(stored.digest) }),
    );
  });

  it('is refused with another head', () => {
    const document = parsePlan(stored.document, stored.digest);
    const other = Buffer.from(head);
    other.write('x', 600);
    expect(() => restorePlan(document, stored.digest, other)).toThrow(
      expect.objectContaining({ code: 'CONTENT' }),
    );
  });

  it.each<[string, (document: Record<string, unknown>) => void]>([
    ['another format', document => Object.assign(document, { format: 'airgap-shards/2' })],
    ['another size', document => Object.assign(document, { size: 1 })],
    ['no tasks', document => Object.assign(document, { tasks: [] })],
    ['a shard that it does not have', document => Object.assign(document, { shards: 1 })],
    ['a part of no bytes', document => Object.assign(document, { tasks: [{ shard: 0, parts: [0] }] })],
    [
      'a task within a blob',
      document =>
        Object.assign(document, { tasks: [1, plan.size - 1].map(size => ({ shard: 0, parts: [size] })) }),
    ],
    ['a name that it does not have', document => Object.assign(document, { names: [] })],
    ['an unknown key', document => Object.assign(document, { host: 'evil.example.com' })],
    ['an invalid digest', document => Object.assign(document, { index: 'sha256:x' })],
  ])('is refused with %s', (_case, change) => {
    const { bytes, digest } = changed(change);
    const read = () => restorePlan(parsePlan(bytes, digest), digest, head);
    expect(read).toThrow(
      expect.objectContaining({ code: 'INPUT', message: expect.stringContaining('plan of shards') }),
    );
  });

  it.each(['', 'sha256:abc', 'app.tar', `sha256:${'A'.repeat(64)}`])('has no digest like %j', text => {
    expect(() => parsePlanDigest(text)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  it.each([0, -1, 1.5, 10_001])('has no %s shards', shards => {
    expect(() => planShards(plan, { ...options, shards })).toThrow(
      expect.objectContaining({ code: 'USAGE' }),
    );
  });
});
