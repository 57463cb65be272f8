import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { AIRGAP, TempDir } from '../support/airgap.ts';
import { tarOfEntries } from '../support/crafted-bundle.ts';
import { findProgram, lacks } from '../support/programs/program.ts';

/** The limit of what any input may take, in bytes. */
const MAX_MEMORY = 400e6;
const work = new TempDir();
afterAll(() => work[Symbol.dispose]());

/** @returns the peak of the resident memory, in bytes, and what was written */
async function measure(...args: string[]): Promise<{ readonly peak: number; readonly text: string }> {
  const time = findProgram('time') ?? 'time';
  const run = promisify(execFile)(time, ['-f', '%M', process.execPath, AIRGAP, ...args]);
  const { stdout, stderr } = await run.catch(error => error as { stdout: string; stderr: string });
  return { peak: Number(stderr.trim().split('\n').at(-1)) * 1024, text: stdout + stderr };
}

const indexOf = (members: string) => `{"schemaVersion":2,"manifests":[],${members}}`;

describe.skipIf(lacks('the memory of hostile bundles', 'time'))(
  'verify of a bundle whose index.json has',
  () => {
    it.each<[string, () => string]>([
      ['15 million levels', () => indexOf(`"x":${'['.repeat(15_000_000)}${']'.repeat(15_000_000)}`)],
      ['10 million objects', () => indexOf(`"x":[${'{},'.repeat(10_000_000)}{}]`)],
      ['one text of 30 MB', () => indexOf(`"x":"${'\\u0041'.repeat(5_000_000)}"`)],
    ])('%s needs less than 400 MB of memory', async (_name, index) => {
      const file = work.file('bundle.tar');
      const entries = [
        { name: 'oci-layout', content: Buffer.from('{"imageLayoutVersion":"1.0.0"}') },
        { name: 'index.json', content: Buffer.from(index()) },
        { name: 'manifest.json', content: Buffer.from('[]') },
      ];
      writeFileSync(file, tarOfEntries(entries));
      const { peak, text } = await measure('verify', file);
      expect(text).toContain('FAILED');
      expect(peak).toBeGreaterThan(20e6);
      expect(peak).toBeLessThan(MAX_MEMORY);
    });
  },
);
