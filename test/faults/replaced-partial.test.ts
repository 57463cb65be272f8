import { existsSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { type AirgapEvent, build } from '@airgap/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { TempDir } from '../support/airgap.ts';
import { imageOf, noiseOf } from '../support/images/image.ts';

/** The layers are written one after another, so that every event is another moment. */
const LAYERS = 8;
const FOREIGN = 'written by another process';

type Event = AirgapEvent['type'] | 'finish';

describe('a build whose partial file is replaced', () => {
  const work = new TempDir();
  let registry: TestRegistry;

  beforeAll(async () => {
    registry = await TestRegistry.start();
    const layers = Array.from({ length: LAYERS }, (_, seed) => noiseOf(seed, 100_000 + seed));
    registry.push('team/app:1', imageOf({ layers, compression: 'none' }));
  });
  afterAll(async () => {
    await registry[Symbol.asyncDispose]();
    work[Symbol.dispose]();
  });

  /** Builds a bundle. @param act runs once, at the given occurrence of an event */
  function buildWith(
    name: string,
    [event, occurrence]: readonly [Event, number],
    act: (path: string) => void,
  ) {
    const output = work.file(name);
    let seen = 0;
    return build({
      specs: [{ file: 'list.txt', text: `${registry.host}/team/app:1` }],
      output,
      plainHttp: [registry.host],
      concurrency: 1,
      onEvent: current => {
        const type = current.type === 'phase' && current.phase === 'finish' ? 'finish' : current.type;
        if (type === event && ++seen === occurrence) act(`${output}.partial`);
      },
    });
  }

  const moments: (readonly [Event, number])[] = [
    ...Array.from({ length: LAYERS }, (_, at) => ['blob-finished', at + 1] as const),
    ['blob-started', 1],
    ['finish', 1],
  ];
  const ways: readonly (readonly [string, (path: string) => void])[] = [
    [
      'by another file',
      path => {
        writeFileSync(`${path}.new`, FOREIGN);
        renameSync(`${path}.new`, path);
      },
    ],
    [
      'by a link to itself',
      path => {
        renameSync(path, `${path}.moved`);
        symlinkSync(`${path}.moved`, path);
      },
    ],
    ['by nothing', path => rmSync(path)],
  ];

  it.each(ways.flatMap(([way, act]) => moments.map(moment => [way, ...moment, act] as const)))(
    '%s at %s %i never names what it did not write',
    async (way, event, occurrence, act) => {
      const name = `${way}-${event}-${occurrence}.tar`.replaceAll(' ', '-');
      await expect(buildWith(name, [event, occurrence], act)).rejects.toMatchObject({
        code: 'DISK',
        message: expect.stringContaining('replaced or removed the partial bundle'),
      });
      expect(existsSync(work.file(name))).toBe(false);
      // What another process has put there is not removed.
      if (way === 'by another file') expect(readFileSync(work.file(`${name}.partial`), 'utf8')).toBe(FOREIGN);
    },
  );

  it('keeps the bundle of an earlier build', async () => {
    writeFileSync(work.file('earlier.tar'), 'earlier');
    const replace = ways[0]?.[1] as (path: string) => void;
    await expect(buildWith('earlier.tar', ['finish', 1], replace)).rejects.toMatchObject({ code: 'DISK' });
    expect(readFileSync(work.file('earlier.tar'), 'utf8')).toBe('earlier');
  });
});
