import { describe, expect, it } from 'vitest';
import { imageOf, indexOf, noiseOf } from '../../../../test/support/images/image.ts';
import { bundleOf, MemoryRegistry, nameOf, openBytes } from '../../../../test/support/memory-bundle.ts';
import { selectImages } from '../bundle/select.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { AirgapEvent } from '../store/events.ts';
import { HashPool } from '../store/hash-pool.ts';
import type { BlobBody, PushOutcome } from '../store/image-target.ts';
import { findMissing } from './find-missing.ts';
import { mapImages } from './image-mapping.ts';
import { push } from './push.ts';
import { planPush } from './push-plan.ts';
import type { TargetOf } from './target-of.ts';
import { UploadBodies } from './upload-bodies.ts';

const shared = noiseOf(1, 300_000);
const image = imageOf({ layers: [shared, noiseOf(2, 1000)], compression: 'none' });
const index = indexOf([image]);

/** A registry that records what is put, and mounts. */
async function recording(registry: MemoryRegistry) {
  const steps: string[] = [];
  const targetOf: TargetOf = repository => {
    const store = registry.store(repository);
    return Object.create(store, {
      has: { value: (blob: Descriptor) => store.has(blob) },
      digestOf: { value: (reference: string) => store.digestOf(reference) },
      put: {
        value: async (blob: Descriptor, body: BlobBody, from?: string): Promise<PushOutcome> => {
          steps.push(`${from === undefined ? 'upload' : 'mount'} ${repository}`);
          await store.put(blob, body);
          return from === undefined ? 'uploaded' : 'mounted';
        },
      },
      putManifest: {
        value: async (manifest: never) => {
          steps.push(`manifest ${repository}`);
          await store.putManifest(manifest);
        },
      },
    });
  };
  return { steps, targetOf };
}

async function load(tar: Buffer, registry: MemoryRegistry) {
  const layout = await openBytes(tar);
  const target = { registry: 'target.test', prefix: '' };
  const mappings = mapImages(await selectImages(layout, undefined), { target, naming: 'path' });
  const { steps, targetOf } = await recording(registry);
  const events: AirgapEvent[] = [];
  await using hashPool = new HashPool();
  const bodies = new UploadBodies(layout, hashPool, event => events.push(event));
  const diff = await findMissing(targetOf, await planPush(layout, mappings));
  const stopped: unknown[] = [];
  const options = { targetOf, source: layout, bodies, onEvent: (event: AirgapEvent) => events.push(event) };
  const transfers = await push(diff, { ...options, stop: reason => stopped.push(reason) });
  return { transfers, steps, events, stopped };
}

describe('a push', () => {
  it('uploads each blob once, mounts it elsewhere, and puts manifests after all blobs', async () => {
    const registry = new MemoryRegistry();
    const { transfers, steps } = await load(
      await bundleOf({ 'team/app:1': index, 'team/copy:1': index }),
      registry,
    );
    expect([transfers.uploaded.blobs, transfers.mounted.blobs]).toEqual([3, 3]);
    const firstManifest = steps.findIndex(step => step.startsWith('manifest'));
    expect(steps.slice(firstManifest)).toHaveLength(4);
    expect(steps.slice(firstManifest).every(step => step.startsWith('manifest'))).toBe(true);
    for (const repository of ['team/app', 'team/copy'])
      expect(await registry.store(repository).digestOf(index.digest)).toBe(index.digest);
  });

  it('sends nothing that the target has', async () => {
    const registry = await MemoryRegistry.of({ 'team/app:1': index });
    const { transfers, steps } = await load(await bundleOf({ 'team/app:1': index }), registry);
    expect([transfers.uploaded, transfers.mounted, steps]).toEqual([
      { blobs: 0, bytes: 0 },
      { blobs: 0, bytes: 0 },
      [],
    ]);
  });

  it('puts no manifest after a damaged blob', async () => {
    const tar = await bundleOf({ 'team/app:1': index });
    const at = tar.indexOf(shared.bytes.subarray(0, 100));
    tar[at] = (tar[at] ?? 0) ^ 1;
    const registry = new MemoryRegistry();
    await expect(load(tar, registry)).rejects.toMatchObject({
      code: 'CONTENT',
      message: expect.stringContaining('digest mismatch'),
    });
    const store = registry.store('team/app');
    const blob = { digest: shared.diffId, size: shared.bytes.length } as Descriptor;
    expect([await store.has(blob), await store.resolve(nameOf(`team/app@${image.digest}`))]).toEqual([
      false,
      undefined,
    ]);
  });
});
