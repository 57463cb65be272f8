import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { build } from '@airgap/core';
import { afterEach, expect, it, vi } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { TempDir } from '../support/airgap.ts';
import { imageOf, noiseOf } from '../support/images/image.ts';

afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

/** Records the calls that make a file durable, and those that rename one, in order. */
async function recordCalls(probe: string): Promise<string[]> {
  const calls: string[] = [];
  const handle = await fs.promises.open(probe, 'w');
  const prototype = Object.getPrototypeOf(handle);
  await handle.close();
  const record = (owner: object, name: string, call: (args: readonly unknown[]) => string) => {
    const methods = owner as Record<string, (...args: unknown[]) => unknown>;
    const original = methods[name] as (...args: unknown[]) => unknown;
    vi.spyOn(methods, name).mockImplementation(function (this: unknown, ...args: unknown[]) {
      calls.push(call(args));
      return original.apply(this, args);
    });
  };
  for (const name of ['sync', 'datasync']) record(prototype, name, () => 'sync');
  for (const name of ['fsync', 'fsyncSync', 'fdatasync', 'fdatasyncSync']) record(fs, name, () => 'sync');
  const renamed = ([, to]: readonly unknown[]) => `rename to ${to}`;
  for (const name of ['rename', 'renameSync']) record(fs, name, renamed);
  record(fs.promises, 'rename', renamed);
  syncBuiltinESMExports();
  return calls;
}

it('a bundle is on the disk before it has its name', async () => {
  await using registry = await TestRegistry.start();
  registry.push('team/app:1', imageOf({ layers: [noiseOf(1, 1000)], compression: 'none' }));
  using work = new TempDir();
  const calls = await recordCalls(work.file('probe'));
  const output = work.file('bundle.tar');
  await build({
    specs: [{ file: 'list.txt', text: `${registry.host}/team/app:1` }],
    output,
    plainHttp: [registry.host],
  });
  const named = calls.indexOf(`rename to ${output}`);
  expect(named).toBeGreaterThan(0);
  expect(calls[named - 1]).toBe('sync');
});
