import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findProgram } from '../support/programs/program.ts';
import { dist, run } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'airgap-cross-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The first bytes of an executable of each platform, and where its machine stands in them. */
const PLATFORMS = [
  { platform: 'linux-arm64', name: 'airgap-linux-arm64', magic: '7f454c46', machineAt: 18, machine: 'b700' },
  { platform: 'darwin-x64', name: 'airgap-darwin-x64', magic: 'cffaedfe', machineAt: 4, machine: '07000001' },
  {
    platform: 'darwin-arm64',
    name: 'airgap-darwin-arm64',
    magic: 'cffaedfe',
    machineAt: 4,
    machine: '0c000001',
  },
  { platform: 'win-x64', name: 'airgap-win-x64.exe', magic: '4d5a', machineAt: undefined, machine: '' },
] as const;

// Executables of other platforms are prepared on linux-x64.
describe.each(PLATFORMS)('$platform', ({ platform, name, magic, machineAt, machine }) => {
  const path = join(folder, name);

  it('is an executable with the program inside', async () => {
    await dist(folder, '--platform', platform);
    const head = firstBytes(path, 64);
    expect(head.toString('hex')).toMatch(new RegExp(`^${magic}`));
    if (machineAt !== undefined) expect(head.toString('hex', machineAt)).toMatch(new RegExp(`^${machine}`));
    expect(statSync(path).size).toBeGreaterThan(80_000_000);
    // Node.js looks for its program only when the digit after the fuse is 1.
    expect(readFileSync(path).includes('NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:1')).toBe(true);
  });
});

it('the one for linux-arm64 runs in an emulator', async context => {
  const emulator = findProgram('qemu-aarch64-static') ?? findProgram('qemu-aarch64');
  if (!emulator) return context.skip('not installed: qemu-aarch64');
  const libraries = '/usr/aarch64-linux-gnu';
  if (!existsSync(`${libraries}/lib/libstdc++.so.6`))
    return context.skip('not installed: libstdc++6-arm64-cross');
  const out = join(folder, 'emulated');
  await dist(out, '--platform', 'linux-arm64');
  expect(await run([emulator, '-L', libraries, join(out, 'airgap-linux-arm64'), '--version'])).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('(single executable, node v24.'),
  });
});

function firstBytes(path: string, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  const file = openSync(path, 'r');
  readSync(file, bytes);
  closeSync(file);
  return bytes;
}
