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
    ['of a process that has died', DEAD],
    ['that was left empty', ''],
  ])('%s is taken by one alone, however many want it at once', async (_name, text) => {
    for (let round = 0; round < 20; round += 1) {
      writeFileSync(path, text);
      utimesSync(path, 0, 0);
      const all = await Promise.allSettled(Array.from({ length: 8 }, () => PidLock.take(path)));
      const held = all.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []));
      expect(held).toHaveLength(1);
      await held[0]?.[Symbol.asyncDispose]();
    }
  });

  it('is free again once it is given back', async () => {
    for (let round = 0; round < 3; round += 1) {
      await using lock = await PidLock.take(path);
      await expect(PidLock.take(path)).rejects.toThrow(/another build/);
      expect(lock).toBeDefined();
    }
  });
});
