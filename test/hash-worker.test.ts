import { expect, it } from 'vitest';
import { hashWorkerSource } from '../packages/cli/dist-tools/hash-worker.js';

it('the thread that hashes loads nothing of the program', async () => {
  const source = await hashWorkerSource();
  const required = [...source.matchAll(/require\([`'"](?<name>[^`'"]+)/g)].map(match => match.groups?.name);
  expect(new Set(required)).toEqual(new Set(['node:crypto', 'node:fs', 'node:worker_threads']));
  expect(source).not.toMatch(/\bimport\b/);
});
