import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { verify } from '@airgap/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TempDir } from '../support/airgap.ts';
import { type CraftedBundle, craftBundle } from '../support/crafted-bundle.ts';
import { Containerd } from '../support/programs/containerd.ts';
import { Docker } from '../support/programs/docker.ts';
import { podmanIn } from '../support/programs/podman.ts';
import { lacks, output } from '../support/programs/program.ts';
import { CASES } from './crafted-bundles.ts';
import { KNOWN_LIMITS } from './known-limits.ts';

/** Loads a bundle. @returns what it found, to compare with `expected` */
interface Reader {
  readonly program: string;
  readonly needs: readonly string[];
  start?(folder: string): Promise<AsyncDisposable>;
  read(path: string, bundle: CraftedBundle, work: TempDir): Promise<unknown>;
  expected(bundle: CraftedBundle): unknown;
}

let containerd: Containerd | undefined;
let docker: Docker | undefined;

const READERS: readonly Reader[] = [
  {
    program: 'ctr',
    needs: ['ctr', 'containerd'],
    async start(folder) {
      containerd = await Containerd.start(folder);
      return containerd;
    },
    async read(path, { name }) {
      const ctr = containerd as Containerd;
      await ctr.ctr('images', 'import', '--snapshotter', 'native', path);
      const folder = `${path}.mounted`;
      mkdirSync(folder);
      await ctr.ctr('images', 'mount', '--snapshotter', 'native', name, folder);
      const files = readdirSync(folder).sort();
      await output('umount', folder);
      return files;
    },
    expected: ({ files }) => [...files].sort(),
  },
  {
    program: 'skopeo',
    needs: ['skopeo'],
    async read(path, { name }, work) {
      const folder = work.file('skopeo');
      rmSync(folder, { recursive: true, force: true });
      const platform = ['--override-os', 'linux', '--override-arch', 'amd64'];
      await output(
        'skopeo',
        '--insecure-policy',
        ...platform,
        'copy',
        `oci-archive:${path}:${name}`,
        `dir:${folder}`,
      );
      const { layers } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
      return layers.map(({ digest }: { digest: string }) => digest);
    },
    expected: ({ layers }) => layers,
  },
  {
    program: 'podman',
    needs: ['podman'],
    async read(path, { name }, work) {
      const podman = podmanIn(work.path);
      await podman('load', '--quiet', '--input', path);
      return JSON.parse(await podman('image', 'inspect', name, '--format', '{{json .RootFS.Layers}}'));
    },
    expected: ({ diffIds }) => diffIds,
  },
  {
    program: 'docker',
    needs: ['docker', 'dockerd'],
    async start(folder) {
      docker = await Docker.start(folder);
      return docker;
    },
    async read(path, { name }) {
      await docker?.run('load', '--quiet', '--input', path);
      return JSON.parse(
        (await docker?.run('image', 'inspect', name, '--format', '{{json .RootFS.Layers}}')) ?? '',
      );
    },
    expected: ({ diffIds }) => diffIds,
  },
];

/** Declares the tests. @param all also gives programs the bundles that verify refuses, and prints what they do */
export function testCraftedBundles(all: boolean): void {
  const present = READERS.filter(
    ({ program, needs }) => !lacks(`crafted bundles read by ${program}`, ...needs),
  );

  describe('a crafted bundle', () => {
    const work = new TempDir();
    const running: AsyncDisposable[] = [];

    beforeAll(async () => {
      for (const { start } of present) if (start) running.push(await start(work.path));
    });
    afterAll(async () => {
      for (const daemon of running) await daemon[Symbol.asyncDispose]();
      work[Symbol.dispose]();
    });

    it.each(CASES.map((entry, at) => [entry.title, at, entry] as const))(
      '%s: verify does not accept what programs refuse or read otherwise',
      async (title, at, entry) => {
        const bundle = await craftBundle(`case-${at}`, entry);
        const path = work.file(`${at}.tar`);
        writeFileSync(path, bundle.tar);
        const { problems } = await verify({ bundle: path });
        const verdict = problems.length > 0 ? 'FAILED' : 'OK';
        expect({ verdict, problems }).toMatchObject({ verdict: entry.verdict });
        const streamed = await verify({ bundle: new Blob([new Uint8Array(bundle.tar)]).stream() });
        expect(streamed.problems.length > 0 ? 'FAILED' : 'OK').toBe(verdict);
        if (!all && (verdict === 'FAILED' || entry.nightly)) return;
        const decompressed = await verify({ bundle: path, diffIds: true });
        expect(decompressed.problems.length > 0 ? 'FAILED' : 'OK').toBe(entry.decompressed ?? verdict);
        const found: Record<string, unknown> = {};
        for (const reader of present) {
          const read = reader.read(path, bundle, work);
          found[reader.program] = await read.catch(error => ({ refused: String(error).slice(-600) }));
          if (all) process.stderr.write(`${verdict}: ${title}: ${describeFound(reader, bundle, found)}\n`);
        }
        rmSync(path);
        if (verdict === 'OK') expectAlike(title, present, bundle, found);
      },
    );
  });
}

/** Every program has read the same image, except for the known limits, which must still hold. */
function expectAlike(title: string, readers: readonly Reader[], bundle: CraftedBundle, found: Found): void {
  const limited = KNOWN_LIMITS.filter(known => known.title === title).flatMap(({ programs }) => programs);
  const alike = readers.filter(({ program }) => !limited.includes(program));
  const others = readers.filter(({ program }) => limited.includes(program));
  const expected = alike.map(reader => [reader.program, reader.expected(bundle)]);
  expect(alike.map(({ program }) => [program, found[program]])).toEqual(expected);
  for (const reader of others) expect(describeFound(reader, bundle, found)).not.toContain('reads the image');
}

type Found = Readonly<Record<string, unknown>>;

function describeFound({ program, expected }: Reader, bundle: CraftedBundle, all: Found): string {
  const found = all[program];
  if (typeof found === 'object' && found !== null && 'refused' in found) return `${program} refuses it`;
  const isExpected = JSON.stringify(found) === JSON.stringify(expected(bundle));
  return `${program} ${isExpected ? 'reads the image' : 'reads other layers'}`;
}
