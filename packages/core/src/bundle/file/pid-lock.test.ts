import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PidLock } from './pid-lock.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'airgap-lock-'));
  path = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

const DEAD = JSON.stringify({ pid: 2 ** 22 + 1, host: (await import('node:os')).hostname(), started: '1' });

describe('a lock', () => {
  it.each([
    ['of a dead process', DEAD],
    ['that is empty', ''],
  ])('%s is taken by exactly one of several concurrent processes', async (_name, text) => {
    for (let round = 0; round < 20; round += 1) {
      writeFileSync(path, text);
      utimesSync(path, 0, 0);
      const results = await Promise.allSettled(Array.from({ length: 8 }, () => PidLock.take(path)));
      const locks = results.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []));
      expect(locks).toHaveLength(1);
      await locks[0]?.[Symbol.asyncDispose]();
    }
  });

  it('is free again after it is released', async () => {
    for (let round = 0; round < 3; round += 1) {
      await using lock = await PidLock.take(path);
      await expect(PidLock.take(path)).rejects.toThrow(/another build/);
      expect(lock).toBeDefined();
    }
  });
});
