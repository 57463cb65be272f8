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

/** Where a bundle is written, and how. */
interface Form {
  readonly flags: readonly string[];
  /** The files of a bundle of this name, in order; the first one appears last. */
  readonly files: (output: string) => readonly string[];
}

const FORMS: Readonly<Record<string, Form>> = {
  'a build': { flags: [], files: output => [output] },
  'a build into parts': { flags: ['--split', '7MB'], files: partsOf },
};

/** Declares the tests of builds that are killed this many times, at moments spread over their duration. */
export function testKilledBuilds(kills: number): void {
  describe.skipIf(missing).each(Object.entries(FORMS))(
    '%s that was interrupted',
    (_name, { flags, files }) => {
      const work = new TempDir({ 'list.txt': `${NAME}\n` });
      let registry: Distribution;
      let undisturbed: Buffer;

      beforeAll(async () => {
        registry = await Distribution.start(work.path);
        const layers = LAYERS.map((size, seed) => noiseOf(seed + 1, size * MB));
        await registry.push('team/app:1', imageOf({ layers, compression: 'none' }));
        await airgap(args(registry.host, work.file('undisturbed.tar')));
        undisturbed = contentOf(files(work.file('undisturbed.tar')));
      });
      afterAll(async () => {
        await registry[Symbol.asyncDispose]();
        work[Symbol.dispose]();
      });

      function args(host: string, output: string): string[] {
        const mirror = `registry.test=http://${host}`;
        return [
          'build',
          work.file('list.txt'),
          '-o',
          output,
          '--mirror',
          mirror,
          '--progress',
          'none',
          ...flags,
        ];
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
        while (!existsSync(`${files(output)[0]}.partial`) && child.exitCode === null) await sleep(5);
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
            const [first = ''] = files(output);
            if (existsSync(`${first}.partial`)) midway += 1;
            expect(existsSync(first)).toBe(false);
            const { status, stderr } = await airgap(args(nginx.host, output));
            expect(stderr).toBe('');
            expect(status).toBe(0);
            expect(contentOf(files(output)).equals(undisturbed)).toBe(true);
            expect(
              work.files().filter(name => name.startsWith(`killed-${kill}.tar`) && name.includes('partial')),
            ).toEqual([]);
            const blobs = nginx.responses().filter(({ path }) => path.includes('/blobs/'));
            repeated += blobs.reduce((sum, { bytes }) => sum + bytes, 0) / TOTAL - 1;
            for (const file of files(output)) rmSync(file);
          }
        };
        await Promise.all(Array.from({ length: LANES }, (_, number) => lane(number)));
        expect(midway).toBe(kills);
        process.stderr.write(
          `\n${midway} of ${kills} kills during the transfer; repeated downloads, on average: ${((repeated / kills) * 100).toFixed(2)} %\n`,
        );
        expect(repeated / kills).toBeLessThan(0.02);
      }, 600_000);
    },
  );
}

/** The parts of a bundle that exist, in order. Those of no bundle yet: the first one. */
export function partsOf(output: string): string[] {
  const parts = Array.from({ length: 99 }, (_, part) => `${output}.${String(part + 1).padStart(3, '0')}`);
  return parts.filter((path, index) => index === 0 || existsSync(path));
}

export function contentOf(files: readonly string[]): Buffer {
  return Buffer.concat(files.map(file => readFileSync(file)));
}
