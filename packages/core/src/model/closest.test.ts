import { expect, it } from 'vitest';
import { closest, nearest } from './closest.ts';

const TARGETS = ['docker:', 'podman:', 'containerd:'];

it.each([
  ['docker', TARGETS, 'docker:'],
  ['dockerd:', TARGETS, 'docker:'],
  ['dokcer:', TARGETS, 'docker:'],
  ['container', TARGETS, 'containerd:'],
  ['registry', TARGETS, undefined],
  ['x', TARGETS, undefined],
  ['', TARGETS, undefined],
  ['concurency', ['concurrency', 'config'], 'concurrency'],
  ['a'.repeat(100_000), TARGETS, undefined],
])('%s', (word, candidates, expected) => expect(closest(word, candidates)).toBe(expected));

it('the nearest come first', () =>
  expect(nearest('2.4.9', ['latest', '1.0', '2.5.0', '2.4.0'], 3)).toEqual(['2.4.0', '2.5.0', '1.0']));
