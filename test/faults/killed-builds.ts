import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AIRGAP, airgap, TempDir } from '../support/airgap.ts';
import { imageOf, noiseOf } from '../support/images/image.ts';
import { Distribution } from '../support/programs/distribution.ts';
import { Nginx } from '../support/programs/nginx.ts';
import { lacks } from '../support/programs/program.ts';

const MB = 1_000_000;
/** Concurrent builds, each with its own nginx. */
const LANES = 10;
/** The layers, in MB: the first is large enough for several ranges. */
const LAYERS = [50, 30, 14, 5, 1];
const TOTAL = 100 * MB;
const NAME = 'registry.test/team/app:1';

const missing = lacks('killed builds', 'docker-registry', 'nginx');

/** Declares the tests of builds that are killed this many times, at moments spread over their duration. */
export function testKilledBuilds(kills: number): void {
  describe.skipIf(missing)('a build that was interrupted', () => {
    const work = new TempDir({ 'list.txt': `${NAME}\n` });
    let registry: Distribution;
    let undisturbed: Buffer;

    beforeAll(async () => {
      registry = await Distribution.start(work.path);
      const layers = LAYERS.map((size, seed) => noiseOf(seed + 1, size * MB));
      await registry.push('team/app:1', imageOf({ layers, compression: 'none' }));
      await airgap(args(registry.host, work.file('undisturbed.tar')));
      undisturbed = readFileSync(work.file('undisturbed.tar'));
    });
    afterAll(async () => {
      await registry[Symbol.asyncDispose]();
      work[Symbol.dispose]();
    });

    function args(host: string, output: string): string[] {
      const mirror = `registry.test=http://${host}`;
      return ['build', work.file('list.txt'), '-o', output, '--mirror', mirror, '--progress', 'none'];
    }

    /** Starts an nginx in front of the registry that throttles every connection. */
    function throttled(name: string): Promise<Nginx> {
      const folder = work.file(name);
      mkdirSync(folder, { recursive: true });
      return Nginx.start(folder, registry.host, { location: 'limit_rate 3m;' });
    }

    /** Kills a build this many ms after it starts to write. */
    async function killAfter(delay: number, host: string, output: string): Promise<void> {
      const child = spawn(process.execPath, [AIRGAP, ...args(host, output)], { stdio: 'ignore' });
      const closed = new Promise(resolve => child.on('close', resolve));
      while (!existsSync(`${output}.partial`) && child.exitCode === null) await sleep(5);
      await Promise.race([sleep(delay), closed]);
      child.kill('SIGKILL');
      await closed;
    }

    it(`resumes after SIGKILL at ${kills} moments, with the same bytes and almost no repeated downloads`, async () => {
      let repeated = 0;
      let midway = 0;
      const lane = async (number: number) => {
        for (let kill = number; kill < kills; kill += LANES) {
          await using nginx = await throttled(`kill-${kill}`);
          const output = work.file(`killed-${kill}.tar`);
          // Spread over the duration of a build, with some randomness in each step.
          await killAfter(((kill + Math.random()) * 3400) / kills, nginx.host, output);
          if (existsSync(`${output}.partial`)) midway += 1;
          const { status, stderr } = await airgap(args(nginx.host, output));
          expect(stderr).toBe('');
          expect(status).toBe(0);
          expect(readFileSync(output).equals(undisturbed)).toBe(true);
          for (const suffix of ['', '.journal', '.lock'])
            expect(existsSync(`${output}.partial${suffix}`)).toBe(false);
          const blobs = nginx.responses().filter(({ path }) => path.includes('/blobs/'));
          repeated += blobs.reduce((sum, { bytes }) => sum + bytes, 0) / TOTAL - 1;
          rmSync(output);
        }
      };
      await Promise.all(Array.from({ length: LANES }, (_, number) => lane(number)));
      expect(midway).toBe(kills);
      process.stderr.write(
        `\n${midway} of ${kills} kills during the transfer; repeated downloads, on average: ${((repeated / kills) * 100).toFixed(2)} %\n`,
      );
      expect(repeated / kills).toBeLessThan(0.02);
    }, 600_000);
  });
}
