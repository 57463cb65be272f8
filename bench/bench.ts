import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { NAMES, startRegistry } from './data.ts';
import { type Measure, measure } from './measure.ts';
import { type Tool, toolsHere } from './tools.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    data: { type: 'string', default: join(tmpdir(), 'airgap-bench') },
    memory: { type: 'string', default: '/dev/shm' },
    disk: { type: 'string', default: tmpdir() },
  },
});

/** Compares whole commands: 12 images of a real registry into one file, each tool in turn, several times. */
async function bench(): Promise<void> {
  await using registry = await startRegistry(values.data);
  for (const [title, place] of [
    ['memory disk', values.memory],
    ['real disk', values.disk],
  ] as const) {
    const folder = join(place, `airgap-bench-${process.pid}`);
    const measures = new Map<Tool, Measure[]>(toolsHere().map(tool => [tool, []]));
    let size = 0;
    for (let run = 0; run < Number(values.runs); run += 1) {
      for (const [tool, list] of measures) {
        rmSync(folder, { recursive: true, force: true });
        mkdirSync(folder, { recursive: true });
        writeFileSync(join(folder, 'images.txt'), NAMES.map(name => `${registry.host}/${name}\n`).join(''));
        const [command = '', ...args] = tool.command(registry.host, NAMES, folder);
        list.push(await measure(command, args, join(folder, 'out.tar')));
        if (tool.name === 'airgap') size = statSync(join(folder, 'out.tar')).size;
      }
    }
    rmSync(folder, { recursive: true, force: true });
    report(title, measures, size);
  }
}

function report(title: string, measures: ReadonlyMap<Tool, Measure[]>, size: number): void {
  const ours = median([...measures.values()][0]?.map(({ seconds }) => seconds) ?? []);
  process.stdout.write(`\n### ${title}: ${NAMES.length} images, ${(size / 1e9).toFixed(2)} GB\n\n`);
  process.stdout.write(
    '| tool | seconds: min, median, max | median to ours | memory (MB) | written to the bundle |\n|---|---|---|---|---|\n',
  );
  for (const [{ name }, list] of measures) {
    const seconds = list.map(one => one.seconds).sort((a, b) => a - b);
    const memory = Math.max(...list.map(one => one.memory)) / 1e6;
    // A shell's children do the writing of the others.
    const written = name === 'airgap' ? (Math.max(...list.map(one => one.written)) / size).toFixed(3) : '';
    const spread = [seconds[0], median(seconds), seconds.at(-1)].map(one => one?.toFixed(1)).join(', ');
    process.stdout.write(
      `| ${name} | ${spread} | ${(median(seconds) / ours).toFixed(2)} | ${name === 'airgap' || name === 'crane' ? memory.toFixed(0) : ''} | ${written} |\n`,
    );
  }
}

function median(sorted: readonly number[]): number {
  const numbers = [...sorted].sort((a, b) => a - b);
  return numbers[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

await bench();
