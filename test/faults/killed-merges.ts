import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { delta } from '@airgap/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AIRGAP, airgap, TempDir } from '../support/airgap.ts';
import { buildBundle } from '../support/bundle.ts';
import { imageOf, noiseOf } from '../support/images/image.ts';
import { contentOf, partsOf } from './killed-builds.ts';

const MB = 1_000_000;
/** The layers of both releases, in MB. */
const SHARED = [60, 30, 9, 1];

/** Declares the tests of merges that are killed this many times, at moments spread over their duration. */
export function testKilledMerges(kills: number): void {
  describe('a merge that was interrupted', () => {
    const work = new TempDir();
    let full: Buffer;
    /** In ms. */
    let duration: number;

    beforeAll(async () => {
      const shared = SHARED.map((size, seed) => noiseOf(seed + 1, size * MB));
      const release = (seed: number) => ({
        'team/app:1': imageOf({ layers: [...shared, noiseOf(seed, 5 * MB)], compression: 'none' }),
      });
      await buildBundle(release(20), work.file('old.tar'));
      await buildBundle(release(21), work.file('new.tar'));
      await delta({
        bases: [work.file('old.tar')],
        new: work.file('new.tar'),
        output: work.file('new.delta.tar'),
      });
      full = readFileSync(work.file('new.tar'));
      const started = performance.now();
      await airgap(args(work.file('undisturbed.tar')));
      duration = performance.now() - started;
    });
    afterAll(() => work[Symbol.dispose]());

    function args(output: string, ...flags: string[]): string[] {
      return ['merge', work.file('old.tar'), work.file('new.delta.tar'), '-o', output, ...flags];
    }

    /** Kills a merge this many ms after it starts to write. @returns whether it was still running */
    async function killAfter(delay: number, first: string, command: readonly string[]): Promise<boolean> {
      const child = spawn(process.execPath, [AIRGAP, ...command], { stdio: 'ignore' });
      const closed = new Promise(resolve => child.on('close', resolve));
      while (!existsSync(`${first}.partial`) && child.exitCode === null) await sleep(1);
      await Promise.race([sleep(delay), closed]);
      const isRunning = child.exitCode === null;
      child.kill('SIGKILL');
      await closed;
      return isRunning;
    }

    it.each<[string, string[], (output: string) => string[]]>([
      ['one file', [], output => [output]],
      ['parts', ['--split', '7MB'], partsOf],
    ])(
      `makes the same bytes after SIGKILL at ${kills} moments: %s`,
      async (_form, flags, files) => {
        let midway = 0;
        for (let kill = 0; kill < kills; kill += 1) {
          const output = work.file(`killed-${kill}.tar`);
          const [first = ''] = files(output);
          const delay = ((kill + Math.random()) * duration) / kills / 2;
          if (await killAfter(delay, first, args(output, ...flags))) midway += 1;
          // Either the first name does not exist, or the bundle is complete.
          if (existsSync(first)) expect(contentOf(files(output)).equals(full)).toBe(true);
          const { status, stderr } = await airgap(args(output, ...flags, '--progress', 'none'));
          expect(stderr).toBe('');
          expect(status).toBe(0);
          expect(contentOf(files(output)).equals(full)).toBe(true);
          expect(work.files().filter(name => name.startsWith('killed') && name.includes('partial'))).toEqual(
            [],
          );
          for (const file of files(output)) rmSync(file);
        }
        process.stderr.write(`\n${midway} of ${kills} kills during the merge\n`);
        expect(midway).toBeGreaterThan(0);
      },
      600_000,
    );
  });
}
