import { expect, it } from 'vitest';
import { closest } from './closest.ts';

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
