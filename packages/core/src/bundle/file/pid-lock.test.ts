import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
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

/** A lock of a process that does not exist, where this process would look for it. */
const dead = {
  pid: 2 ** 22 + 1,
  host: hostname(),
  boot: existsSync('/proc') ? readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim() : '',
  namespace: existsSync('/proc') ? readlinkSync('/proc/self/ns/pid') : '',
  started: '1',
};

describe('a lock', () => {
  it.each([
    ['of a dead process', JSON.stringify(dead)],
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

  it.each([
    ['host', { host: 'other.test' }],
    ['PID namespace', { namespace: 'pid:[1]' }],
    ['boot', { boot: '00000000-0000-0000-0000-000000000000' }],
  ])('of a process of another %s is kept, as nothing shows that it has ended', async (_place, holder) => {
    writeFileSync(path, JSON.stringify({ ...dead, ...holder }));
    utimesSync(path, 0, 0);
    await expect(PidLock.take(path)).rejects.toMatchObject({
      code: 'DISK',
      hint: expect.stringContaining(`remove ${path}`),
    });
    expect(existsSync(path)).toBe(true);
  });

  it('is free again after it is released', async () => {
    for (let round = 0; round < 3; round += 1) {
      await using lock = await PidLock.take(path);
      await expect(PidLock.take(path)).rejects.toThrow(/another build/);
      expect(lock).toBeDefined();
    }
  });
});
