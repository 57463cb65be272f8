import { describe, expect, it } from 'vitest';
import { endpointsFor } from './endpoint.ts';

describe('endpointsFor', () => {
  it.each(['valueOf', 'constructor', '__proto__'])('treats %s as an ordinary host', host => {
    expect(endpointsFor(host, { mirrors: {} })).toEqual([
      { host, schemes: ['https'], prefix: '', isMirror: false },
    ]);
  });
});
