import { AirgapError, type ErrorCode } from '@airgap/core';
import { expect, it } from 'vitest';
import { exitStatus } from './exit-status.ts';

it.each<[ErrorCode, number]>([
  ['USAGE', 2],
  ['INPUT', 2],
  ['FINDINGS', 1],
  ['BUNDLE', 1],
  ['NOT_FOUND', 2],
  ['UNSUPPORTED', 2],
  ['DENIED', 2],
  ['REGISTRY', 3],
  ['NETWORK', 3],
  ['CONTENT', 4],
  ['DISK', 5],
  ['RUNTIME', 3],
  ['INTERRUPTED', 130],
])('%s exits with %i', (code, status) => expect(exitStatus(new AirgapError(code, 'x'))).toBe(status));

it.each([
  ['an aborted signal', new DOMException('x', 'AbortError'), 130],
  ['a bug', new TypeError('x'), 70],
  ['a value that is not an error', 'x', 70],
])('%s', (_name, error, status) => expect(exitStatus(error)).toBe(status));
