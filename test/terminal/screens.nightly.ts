import { chmodSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fault, TestRegistry } from '../registry/registry.ts';
import { AIRGAP, airgap, TempDir, WITHOUT_SETTINGS } from '../support/airgap.ts';
import { imageOf, noiseLayer } from '../support/images/image.ts';
import { lacks } from '../support/programs/program.ts';
import { Terminal } from './tmux.ts';

const MB = 1_000_000;
const IMAGES = [
  'prometheus/prometheus:v2.53.0',
  'library/postgres:16.4',
  'kubebuilder/kube-rbac-proxy:v0.16.0',
];

let registry: TestRegistry;
const work = new TempDir();

beforeAll(async () => {
  registry = await TestRegistry.start();
  for (const [index, name] of IMAGES.entries())
    registry.push(name, imageOf({ layers: [await noiseLayer(name, (6 - index) * MB)] }));
  writeFileSync(work.file('list.txt'), IMAGES.map(name => `${registry.host}/${name}\n`).join(''));
  writeFileSync(work.file('airgap'), `#!/bin/sh\nexec "${process.execPath}" "${AIRGAP}" "$@"\n`);
  chmodSync(work.file('airgap'), 0o755);
  const { status } = await airgap(['build', 'list.txt', '-o', 'load.tar'], { cwd: work.path });
  expect(status).toBe(0);
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  work[Symbol.dispose]();
});

/** The first half of each layer has arrived, and then nothing for some seconds. */
const STALLED = /MB of 15\.0 MB \(\d+ %\), 0 B\/s/;

/** Sends the first half of each layer, and then nothing. */
const half: Fault = ({ path }, response, content) => {
  if (!path.includes('/blobs/') || content === undefined || content.length < MB) return false;
  response.setHeader('content-length', content.length);
  response.write(content.subarray(0, content.length / 2));
  return true;
};

/** Answers no request that matches until it is opened. */
class Barrier {
  readonly #matches: (request: Parameters<Fault>[0]) => boolean;
  #open = () => {};
  readonly #opened = new Promise<void>(resolve => {
    this.#open = resolve;
  });

  constructor(matches: (request: Parameters<Fault>[0]) => boolean) {
    this.#matches = matches;
  }

  readonly fault: Fault = async request => {
    if (this.#matches(request)) await this.#opened;
    return false;
  };

  open(): void {
    this.#open();
  }
}

/** Replaces what differs from run to run: rates, times, ports, kept bytes and paths. */
function normalised(screen: string): string {
  return (
    screen
      .replace(/, [\d.]+ [kM]?B\/s(?:, [\d.]+ (?:s|min [\d.]+ s) left)?$/gm, ', RATE')
      .replace(/in [\d.]+ s, [\d.]+ [kM]?B\/s on average/g, 'in TIME, RATE on average')
      .replace(/^index sha256:[0-9a-f]{64}$/gm, 'index DIGEST')
      .replace(/ in [\d.]+ s\b/g, ' in TIME')
      // Configs, in any order.
      .replace(/^ {2}\S.* of \d{3} B.*\n?/gm, '')
      .replace(/[\d.]+ [kM]?B of 15\.0 MB are kept/g, 'N MB of 15.0 MB are kept')
      .replace(/resumed [\d.]+ MB/g, 'resumed N MB')
      .replace(/downloaded [\d.]+ MB/g, 'downloaded N MB')
      .replace(/^.* 15\.0 MB \(\d+ %\), RATE$/gm, line =>
        line
          .replace(/[█░]+/, bar => `BAR${bar.length}`)
          .replace(/[\d.]+ [kM]?B of 15\.0 MB \(\d+ %\)/, 'N MB of 15.0 MB (N %)'),
      )
      .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT')
      .replace(/\/tmp\/airgap-test-\w+/g, '/work')
      .replace(/^(?<row> {2}\S.*?) +(?<size>[\d.]+ [kM]?B) of/gm, '$<row>  N of')
  );
}

/** What is above may have scrolled away. */
function lastLines(screen: string): string {
  return screen.split('\n').slice(-6).join('\n');
}

describe.skipIf(lacks('screens of a terminal', 'tmux'))('a terminal of', () => {
  it.each([
    [80, 24],
    [50, 20],
    [200, 50],
  ])(
    '%i x %i shows a slow build, an interrupt, a resume and a load',
    { timeout: 120_000 },
    async (columns, rows) => {
      const env = { ...WITHOUT_SETTINGS, PATH: `${work.path}:${process.env.PATH}`, LC_ALL: 'C.UTF-8' };
      using terminal = new Terminal(columns, rows, work.path, env);
      const expectScreen = (scene: string, screen: string) =>
        expect(`${normalised(screen)}\n`).toMatchFileSnapshot(`screens/${columns}x${rows}-${scene}.txt`);
      const output = `b-${columns}.tar`;

      registry.fault = half;
      await terminal.shows(/\$$/);
      terminal.run(`airgap build list.txt -o ${output}`);
      await expectScreen('build', await terminal.shows(STALLED));
      terminal.press('C-c');
      await expectScreen('interrupt', await terminal.shows(/next: .*[\s\S]*\$$/));

      const downloads = new Barrier(({ method, path }) => method === 'GET' && path.includes('/blobs/'));
      const configs = new Set<string>();
      registry.fault = (request, response, content) => {
        // Configs are read before anything is planned.
        if (content !== undefined && content.length < MB) configs.add(request.path);
        return configs.has(request.path) ? false : downloads.fault(request, response, content);
      };
      terminal.clear();
      terminal.run(`airgap build list.txt -o ${output}`);
      await expectScreen('resume', await terminal.shows(/MB of 15\.0 MB/));
      downloads.open();
      await expectScreen('built', lastLines(await terminal.shows(/on the other side[\s\S]*\$$/)));

      await using target = await TestRegistry.start();
      const uploads = new Barrier(({ step }) => ['chunk', 'monolithic', 'finish'].includes(step));
      target.fault = uploads.fault;
      terminal.clear();
      terminal.run(`airgap load load.tar ${target.host}`);
      await expectScreen('load', await terminal.shows(/uploading .* of 15\.0 MB \(\d+ %\), 0 B\/s/));
      uploads.open();
      await expectScreen('loaded', lastLines(await terminal.shows(/uploaded; [\s\S]*\$$/)));
    },
  );

  it('that becomes narrower, and wider again, keeps nothing of the old block', {
    timeout: 60_000,
  }, async () => {
    const env = { ...WITHOUT_SETTINGS, PATH: `${work.path}:${process.env.PATH}`, LC_ALL: 'C.UTF-8' };
    using terminal = new Terminal(100, 30, work.path, env);
    registry.fault = half;
    terminal.run('airgap build list.txt -o r.tar');
    await terminal.shows(STALLED);
    for (const columns of [50, 120, 40, 100]) {
      terminal.resize(columns, 30);
      const screen = await terminal.shows(STALLED);
      expect(screen.match(/of 15\.0 MB/g)).toHaveLength(1);
      expect(screen.match(/ of (?:6\.0|5\.0|4\.0) MB/g)).toHaveLength(3);
    }
    terminal.press('C-c');
    const end = await terminal.shows(/next: /);
    expect(end).not.toMatch(/[█░]/);
    expect(end).not.toContain(' of 6.0 MB');
  });
});
