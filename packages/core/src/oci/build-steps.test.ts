import { describe, expect, it } from 'vitest';
import { buildSteps } from './build-steps.ts';

const steps = (document: unknown, count: number) =>
  buildSteps(Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)), count);
const history = (...entries: unknown[]) => ({ history: entries });

describe('the build steps of layers', () => {
  it.each<[string, unknown, number, (string | undefined)[]]>([
    [
      'leave out empty layers and the shell',
      history(
        { created_by: '/bin/sh -c #(nop) ADD file:1 in / ' },
        { created_by: 'ENV A=1', empty_layer: true },
        { created_by: '/bin/sh -c apt-get\n  install' },
      ),
      2,
      ['ADD file:1 in /', 'apt-get install'],
    ],
    ['are unknown for another number of layers', history({ created_by: 'x' }), 2, [undefined, undefined]],
    ['are unknown without a history', {}, 1, [undefined]],
    [
      'are unknown where the history says nothing',
      history({}, { created_by: ' ' }),
      2,
      [undefined, undefined],
    ],
    ['are unknown for a history that is not a list', { history: 'x' }, 1, [undefined]],
    ['are unknown for bytes that are not JSON', 'nothing', 1, [undefined]],
  ])('%s', (_what, document, count, expected) => expect(steps(document, count)).toEqual(expected));
});
