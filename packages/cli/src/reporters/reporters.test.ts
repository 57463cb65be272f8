import type { AirgapEvent } from '@airgap/core';
import pc from 'picocolors';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { jsonReporter } from './json.ts';
import { messageFor } from './messages.ts';
import { noneReporter } from './none.ts';
import { plainReporter } from './plain.ts';
import { Progress } from './progress.ts';
import type { Reporter } from './reporter.ts';
import { ttyReporter } from './tty.ts';

type Digest = Extract<AirgapEvent, { type: 'blob-finished' }>['digest'];

const PLAIN = pc.createColors(false);
const MB = 1_000_000;
const now = () => Date.now();
const digest = (seed: string) => `sha256:${seed.repeat(64)}` as Digest;
const planned = (bytes: number): AirgapEvent => ({
  type: 'planned',
  images: 1,
  blobs: 1,
  bytes,
  size: bytes,
});
const received = (seed: string, bytes: number, size: number): AirgapEvent => ({
  type: 'blob-progress',
  digest: digest(seed),
  received: bytes,
  size,
});
const finished = (seed: string, size: number): AirgapEvent => ({
  type: 'blob-finished',
  digest: digest(seed),
  size,
});
const resumed = (seed: string, bytes: number, size: number): AirgapEvent => ({
  type: 'blob-resumed',
  digest: digest(seed),
  received: bytes,
  size,
  image: 'quay.io/team/app:1',
});
const phase = (name: 'resolve' | 'move' | 'finish'): AirgapEvent => ({ type: 'phase', phase: name });
const finding: AirgapEvent = {
  type: 'finding',
  finding: {
    rule: 'latest-tag',
    severity: 'warning',
    message: 'moves',
    hint: 'Pin it.',
    position: { file: 'a.yaml', line: 1, column: 2 },
  },
};
const retry: AirgapEvent = { type: 'retry', host: 'h', reason: 'reset\u001b', attempt: 1, delay: 500 };

class Collector {
  text = '';
  columns: number | undefined = 100;
  rows: number | undefined = 24;
  writes = 0;
  write(text: string): void {
    this.text += text;
    this.writes += 1;
  }
  /** The lines that a terminal would show in the end. */
  get shown(): string[] {
    const lines: string[] = [];
    for (const part of this.text.replaceAll('\r', '').replaceAll('\u001b[J', '').split('\u001b[')) {
      const cursorUp = /^(?<count>\d+)A(?<rest>.*)$/s.exec(part)?.groups;
      lines.splice(lines.length - Number(cursorUp?.count ?? 0));
      lines.push(...(cursorUp?.rest ?? part).split('\n').slice(0, -1));
    }
    return lines;
  }
}

function send({ onEvent }: Reporter, ...events: AirgapEvent[]): void {
  for (const event of events) onEvent(event);
}

let screen: Collector;
beforeEach(() => {
  screen = new Collector();
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => vi.useRealTimers());

describe('Progress', () => {
  const at = (progress: Progress, ms: number, bytes: number) => {
    vi.setSystemTime(ms);
    progress.add(received('a', bytes, 100 * MB));
    return progress.rate();
  };

  it('has a rate from the first call', () => {
    const progress = new Progress(now);
    progress.add(planned(100 * MB));
    expect(at(progress, 5_000, 50 * MB)).toBe(10 * MB);
    expect(progress.remaining(10 * MB)).toBe(5_000);
  });

  it('averages the rate over the last seconds only', () => {
    const progress = new Progress(now);
    progress.add(planned(100 * MB));
    at(progress, 10_000, 10 * MB);
    expect(at(progress, 15_000, 60 * MB)).toBe(10 * MB);
  });

  it('is never negative when a transfer restarts', () => {
    const progress = new Progress(now);
    progress.add(planned(100 * MB));
    at(progress, 1_000, 50 * MB);
    expect(at(progress, 6_500, 0)).toBe(0);
    expect(progress.remaining(0)).toBeUndefined();
  });

  it('counts a blob once, in transfer or finished', () => {
    const progress = new Progress(now);
    for (const event of [planned(10), received('a', 4, 10)]) progress.add(event);
    expect(progress.moved).toBe(4);
    progress.add(finished('a', 10));
    expect([progress.moved, progress.transfers.size, progress.complete]).toEqual([10, 0, true]);
  });
});

describe('plain', () => {
  it('writes a line every five seconds and one at the end', () => {
    const reporter = plainReporter(screen, PLAIN, { now });
    send(reporter, phase('resolve'), planned(100 * MB), phase('move'), received('a', 50 * MB, 100 * MB));
    vi.advanceTimersByTime(5_000);
    send(reporter, finished('a', 100 * MB), phase('finish'));
    vi.advanceTimersByTime(20_000);
    reporter.close();
    expect(screen.text.split('\n')).toEqual([
      '1 blob, 100 MB',
      '50.0 MB of 100 MB (50 %), 10.0 MB/s, 5.0 s left',
      '100 MB in 5.0 s, 20.0 MB/s on average',
      '',
    ]);
  });

  it('has no summary for unfinished work', () => {
    const reporter = plainReporter(screen, PLAIN, { now });
    send(reporter, planned(10), received('a', 4, 10));
    reporter.close();
    expect(screen.text).toBe('1 blob, 10 B\n');
  });

  it('is silent once closed', () => {
    const reporter = plainReporter(screen, PLAIN, { now });
    send(reporter, phase('resolve'));
    reporter.close();
    vi.advanceTimersByTime(60_000);
    expect(screen.text).toBe('');
  });

  it('writes findings and retries as they arrive', () => {
    send(plainReporter(screen, PLAIN, { now }), finding, retry);
    expect(screen.text).toBe(
      'a.yaml:1:2: warning latest-tag: moves\n  fix: Pin it.\nh: reset\\u{1b}; attempt 2 in 0.5 s\n',
    );
  });
});

describe('a resumed build', () => {
  const start = [
    planned(100 * MB),
    phase('move'),
    resumed('a', 30 * MB, 60 * MB),
    resumed('b', 40 * MB, 40 * MB),
  ];

  it('starts at the bytes that are there, without a rate', () => {
    const progress = new Progress(now);
    for (const event of start) progress.add(event);
    vi.setSystemTime(1_000);
    expect([progress.moved, progress.fraction, progress.rate()]).toEqual([70 * MB, 0.7, 0]);
  });

  it('counts only new bytes into the rate and the average', () => {
    const reporter = plainReporter(screen, PLAIN, { now });
    send(reporter, ...start, finished('b', 40 * MB));
    send(reporter, received('a', 40 * MB, 60 * MB));
    vi.advanceTimersByTime(5_000);
    send(reporter, finished('a', 60 * MB), phase('finish'));
    reporter.close();
    expect(screen.text.split('\n').slice(1, -1)).toEqual([
      '80.0 MB of 100 MB (80 %), 2.0 MB/s, 10 s left',
      '100 MB in 5.0 s, 6.0 MB/s on average',
    ]);
  });

  it('keeps the resumed bytes of a blob when its transfer starts', () => {
    const progress = new Progress(now);
    const started: AirgapEvent = { type: 'blob-started', digest: digest('a'), size: 60 * MB, image: 'i' };
    for (const event of [...start, started]) progress.add(event);
    expect([progress.moved, progress.transfers.get(digest('a'))?.received]).toEqual([70 * MB, 30 * MB]);
  });
});

describe('a build with local bundles', () => {
  const reused: AirgapEvent = { type: 'blob-reused', digest: digest('a'), size: 60 * MB, image: 'i' };
  const started = (host?: string): AirgapEvent => ({
    type: 'blob-started',
    digest: digest('a'),
    size: 60 * MB,
    image: 'i',
    ...(host === undefined ? {} : { host }),
  });
  const start = [planned(100 * MB), phase('move'), reused];

  it.each<[string, AirgapEvent[], number, number]>([
    ['at the start', [], 60, 0],
    ['while they are copied', [started(), received('a', 5 * MB, 60 * MB)], 60, 0],
    ['once they are copied', [started(), finished('a', 60 * MB)], 60, 0],
    ['beside downloads', [started(), received('b', 10 * MB, 40 * MB)], 70, 2 * MB],
    [
      'unless they are wrong, and downloaded',
      [started(), started('r.test'), received('a', 5 * MB, 60 * MB)],
      5,
      MB,
    ],
    ['together with resumed bytes', [resumed('b', 30 * MB, 40 * MB)], 90, 0],
    ['once, when an interrupted build has a part', [resumed('a', 30 * MB, 60 * MB), reused], 60, 0],
  ])('counts their bytes %s', (_name, events, moved, rate) => {
    const progress = new Progress(now);
    for (const event of [...start, ...events]) progress.add(event);
    vi.setSystemTime(5_000);
    expect([progress.moved, progress.rate()]).toEqual([moved * MB, rate]);
  });
});

describe('tty', () => {
  const IMAGE = 'quay.io/prometheus/prometheus:v2.53.0';
  const started = (seed: string, image = IMAGE): AirgapEvent => ({
    type: 'blob-started',
    digest: digest(seed),
    size: 10 * MB,
    image,
  });
  const moving = (blobs: number) => [
    planned(blobs * 10 * MB),
    phase('move'),
    ...Array.from({ length: blobs }, (_, at) => received(at.toString(16), MB, 10 * MB)),
  ];
  const show = (columns: number, rows: number, ...events: AirgapEvent[]) => {
    screen.columns = columns;
    screen.rows = rows;
    const reporter = ttyReporter(screen, PLAIN, { now });
    send(reporter, ...events);
    return reporter;
  };

  it.each([
    [80, 28],
    [100, 48],
    [200, 148],
  ])('shows a bar as wide as %i columns', (columns, length) => {
    const reporter = show(columns, 24, ...moving(8));
    vi.advanceTimersByTime(4_000);
    const bar = /^(?<full>█+)(?<empty>░+) (?<text>.*)$/.exec(screen.shown[0] ?? '')?.groups;
    expect(`${bar?.full}${bar?.empty}`).toHaveLength(length);
    expect(bar?.full).toHaveLength(Math.round(length / 10));
    expect(bar?.text).toBe('8.0 MB of 80.0 MB (10 %), 2.0 MB/s, 36 s left');
    reporter.close();
  });

  it('has no time left in the first two seconds', () => {
    const reporter = show(80, 24, ...moving(1));
    vi.advanceTimersByTime(1_900);
    expect(screen.shown[0]).toMatch(/kB\/s$/);
    vi.advanceTimersByTime(200);
    expect(screen.shown[0]).toMatch(/ left$/);
    reporter.close();
  });

  it('has no time left before one percent has arrived', () => {
    const reporter = show(80, 24, planned(1000 * MB), phase('move'), received('a', 9 * MB, 1000 * MB));
    vi.advanceTimersByTime(60_000);
    expect(screen.shown[0]).not.toContain('left');
    reporter.close();
  });

  it('needs as long as the slowest registry', () => {
    const hosts = { 'fast.io': 100 * MB, 'slow.io': 100 * MB };
    const reporter = show(
      100,
      24,
      { ...planned(200 * MB), hosts } as AirgapEvent,
      phase('move'),
      { ...started('a', 'fast.io/app:1'), size: 100 * MB } as AirgapEvent,
      { ...started('b', 'slow.io/app:1'), size: 100 * MB } as AirgapEvent,
    );
    vi.advanceTimersByTime(100);
    send(reporter, received('a', 90 * MB, 100 * MB), received('b', 10 * MB, 100 * MB));
    vi.advanceTimersByTime(4_900);
    // 100 MB remain at 20 MB/s, but slow.io sends 2 MB/s.
    expect(screen.shown[0]).toMatch(/20\.0 MB\/s, 45 s left$/);
    reporter.close();
  });

  it.each([
    [24, 8, 9, undefined],
    [6, 8, 5, '  and 5 more'],
    [2, 8, 1, undefined],
    [1, 8, 1, undefined],
  ])('in %i rows shows as many of %i transfers as fit', (rows, blobs, lines, last) => {
    const reporter = show(80, rows, ...moving(blobs));
    vi.advanceTimersByTime(100);
    expect(screen.shown).toHaveLength(lines);
    if (last !== undefined) expect(screen.shown.at(-1)).toBe(last);
    reporter.close();
  });

  it.each([
    [100, `  ${IMAGE}  `, '  sha256:aaaaaaaaaaaa'],
    [60, '  prometheus/prometheus:v2.53.0', '10.0 MB'],
    [44, '  …prometheus:v2.53.0', '10.0 MB'],
  ])('in %i columns names the image before its digest, and the end of a long name', (columns, start, end) => {
    const reporter = show(columns, 24, planned(10 * MB), phase('move'), started('a'));
    vi.advanceTimersByTime(100);
    const row = screen.shown.find(line => line.startsWith('  ')) ?? '';
    expect(row.trimEnd().startsWith(start.trimEnd())).toBe(true);
    expect(row.trimEnd().endsWith(end)).toBe(true);
    reporter.close();
  });

  it('redraws ten times a second, regardless of the number of events', () => {
    const reporter = ttyReporter(screen, PLAIN, { now });
    for (let at = 0; at < 1_000; at += 1) send(reporter, ...moving(1));
    vi.advanceTimersByTime(1_000);
    expect(screen.writes).toBe(10);
    reporter.close();
  });

  it.each([10, 20, 59, 80, 200])('keeps every line shorter than %i columns', columns => {
    const reporter = show(columns, 24, ...moving(3), started('f'));
    vi.advanceTimersByTime(3_000);
    expect(Math.max(...screen.shown.map(line => line.length))).toBeLessThan(columns);
    reporter.close();
  });

  it.each([0, undefined])('assumes 80 columns for a terminal of unknown size (%s)', columns => {
    screen.columns = columns;
    const reporter = ttyReporter(screen, PLAIN, { now });
    send(reporter, ...moving(1));
    vi.advanceTimersByTime(100);
    expect(screen.shown[0]).toContain('1.0 MB of 10.0 MB');
    reporter.close();
  });

  it('erases lines that a narrower terminal has wrapped, and what the terminal wrote after them', () => {
    const reporter = show(100, 24, ...moving(2));
    vi.advanceTimersByTime(100);
    screen.columns = 50;
    screen.text = '';
    vi.advanceTimersByTime(100);
    // Three lines of up to 99 columns, each in two rows.
    expect(screen.text.startsWith('\r\u001b[6A\u001b[J')).toBe(true);
    reporter.close();
    expect(screen.text.endsWith('\r\u001b[3A\u001b[J')).toBe(true);
  });

  it.each<[AirgapEvent[], string]>([
    [[{ type: 'phase', phase: 'query', host: 'reg.io:5000' }], 'asking reg.io:5000 what it has …'],
    [
      [
        { type: 'phase', phase: 'query', host: 'reg.io:5000' },
        { type: 'step', done: 14, total: 39 },
      ],
      'asking reg.io:5000 what it has (14 of 39)',
    ],
    [
      [
        { type: 'phase', phase: 'tag', host: 'reg.io' },
        { type: 'step', done: 3, total: 12 },
      ],
      'tagging (3 of 12)',
    ],
    [[{ type: 'phase', phase: 'check', host: 'reg.io' }], 'checking reg.io …'],
    [[{ type: 'phase', phase: 'decompress' }], 'decompressing layers …'],
    [[{ type: 'phase', phase: 'finish' }], 'writing to disk …'],
  ])('names the phase: %j', (events, line) => {
    const reporter = show(80, 24, ...events);
    vi.advanceTimersByTime(100);
    expect(screen.shown).toEqual([line]);
    reporter.close();
  });

  it('writes messages above the block', () => {
    const reporter = ttyReporter(screen, PLAIN, { now });
    send(reporter, ...moving(1));
    vi.advanceTimersByTime(100);
    send(reporter, retry);
    expect(screen.shown[0]).toBe('h: reset\\u{1b}; attempt 2 in 0.5 s');
    expect(screen.shown).toHaveLength(3);
    reporter.close();
    expect(screen.shown).toEqual(['h: reset\\u{1b}; attempt 2 in 0.5 s']);
  });

  it('states no rate for a time too short to have one', () => {
    const reporter = ttyReporter(screen, PLAIN, { now });
    send(reporter, ...moving(1));
    vi.advanceTimersByTime(40);
    send(reporter, finished('0', 10 * MB));
    reporter.close();
    expect(screen.shown).toEqual(['10.0 MB in 0.0 s']);
  });

  it('leaves a one-line summary when finished', () => {
    const reporter = ttyReporter(screen, PLAIN, { now });
    send(reporter, ...moving(1));
    vi.advanceTimersByTime(1_000);
    send(reporter, finished('0', 10 * MB));
    reporter.close();
    expect(screen.shown).toEqual(['10.0 MB in 1.0 s, 10.0 MB/s on average']);
  });
});

describe('a request with --debug', () => {
  const anonymous = {
    type: 'request',
    method: 'GET',
    url: 'https://quay.io/v2/team/app/manifests/1\u001b[2J',
    elapsed: 33.6,
  } as const;
  const request: AirgapEvent = {
    ...anonymous,
    status: 200,
    credentials: 'user me from /home/me/config.json',
  };

  it.each<[string, AirgapEvent, string]>([
    ['answered', request, '200 in 34 ms (user me from /home/me/config.json)'],
    ['failed', { ...anonymous, error: 'reset', credentials: 'user me' }, ' reset in 34 ms (user'],
    ['failed in its body', { ...request, error: 'reset' }, ' 200 reset in 34 ms (user'],
    ['anonymous', { ...anonymous, status: 200 }, '200 in 34 ms\n'],
  ])('that was %s is one line', (_name, event, end) => {
    const line = messageFor(event, PLAIN);
    expect(line).toContain('GET https://quay.io/v2/team/app/manifests/1\\u{1b}[2J ');
    expect(line).toContain(end);
  });

  it('is written even without progress', () => {
    send(noneReporter(screen, PLAIN), request);
    expect(screen.text).toContain('GET https://quay.io');
  });
});

describe('with --verbose', () => {
  const resolvedImage: AirgapEvent = {
    type: 'resolved',
    image: 'quay.io/team/app:1',
    digest: digest('a'),
    done: 1,
    total: 2,
  };

  it('each image and blob that is done is one line', () => {
    send(plainReporter(screen, PLAIN, { now, isVerbose: true }), resolvedImage, finished('b', MB));
    expect(screen.text).toBe(`quay.io/team/app:1: ${digest('a')} (1 of 2)\n${digest('b')}: 1.0 MB done\n`);
    screen.text = '';
    send(plainReporter(screen, PLAIN, { now }), resolvedImage, finished('b', MB));
    expect(screen.text).toBe('');
  });
});

it('json writes one event per line, with its time and without control characters', () => {
  const timed = { time: 7, ...planned(1) };
  vi.setSystemTime(1_000);
  send(jsonReporter(screen), retry, timed);
  const lines = screen.text.trimEnd().split('\n');
  expect(lines.map(line => JSON.parse(line))).toEqual([{ time: 1_000, ...retry }, timed]);
  expect(screen.text).not.toContain('\u001b');
});

describe('a request that was served', () => {
  const served: AirgapEvent = {
    type: 'served',
    client: '127.0.0.1',
    method: 'GET',
    target: `/v2/\u001b[2J${'x'.repeat(9000)}`,
    status: 404,
    bytes: 12_345,
    complete: true,
    elapsed: 3.2,
  };

  it('is one short line without control characters', () => {
    const line = messageFor(served, PLAIN);
    expect(line).toMatch(/^127\.0\.0\.1 GET \/v2\/\\u\{1b\}\[2Jx+ 404, 12\.3 kB in 3 ms\n$/);
    expect(line?.length).toBeLessThan(500);
  });

  it('shows that it was aborted', () =>
    expect(messageFor({ ...served, complete: false }, PLAIN)).toMatch(/ms, aborted\n$/));
});

it('none writes findings only', () => {
  send(noneReporter(screen, PLAIN), retry, planned(1), finding);
  expect(screen.text).toBe('a.yaml:1:2: warning latest-tag: moves\n  fix: Pin it.\n');
});
