import { load } from '@airgap/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fault, TestRegistry } from '../registry/registry.ts';
import { TempDir } from '../support/airgap.ts';
import { buildBundle } from '../support/bundle.ts';
import { imageOf, noiseOf } from '../support/images/image.ts';

/** Larger than the buffers of a connection. */
const image = imageOf({ layers: [noiseOf(1, 40_000_000)], compression: 'none' });
const isUpload = (step: string) => ['monolithic', 'chunk', 'finish'].includes(step);

const STALLS: readonly [string, Fault][] = [
  ['whose body is not read', ({ step }) => (isUpload(step) ? new Promise<true>(() => {}) : false)],
  [
    'that is read and not answered',
    async ({ step, incoming }) => {
      if (!isUpload(step)) return false;
      incoming.resume();
      return true;
    },
  ],
  [
    'that is answered with informational responses',
    ({ step, incoming }, response) => {
      if (!isUpload(step)) return false;
      incoming.resume();
      for (let at = 0; at < 200; at += 1) response.writeProcessing();
      return true;
    },
  ],
];

/** Declares the tests. @param stalls how many uploads stall: one, which is repeated, or all, which takes long */
export function testStalledUploads(stalls: 'once' | 'always'): void {
  describe('an upload', () => {
    const work = new TempDir();
    const bundle = work.file('bundle.tar');
    beforeAll(() => buildBundle({ 'team/app:1': image }, bundle));
    afterAll(() => work[Symbol.dispose]());

    it.concurrent.each(STALLS)(`%s, ${stalls}`, async (_name, fault) => {
      await using target = await TestRegistry.start();
      let stalled = false;
      target.fault = async (request, response, content) => {
        if (stalled && stalls === 'once') return false;
        const handled = await Promise.race([fault(request, response, content), isUpload(request.step)]);
        stalled ||= handled === true;
        return handled;
      };
      const retries: string[] = [];
      const loading = load({
        bundle,
        target: target.host,
        timeout: 600,
        onEvent: event => event.type === 'retry' && retries.push(event.reason),
      });
      if (stalls === 'once') {
        await loading;
        expect(target.manifest('team/app', '1')?.equals(image.bytes)).toBe(true);
        expect(retries).toHaveLength(1);
      } else {
        await expect(loading).rejects.toMatchObject({ code: 'NETWORK', where: { host: target.host } });
      }
    });
  });
}
