import { describe, expect, it } from 'vitest';
import { endpointsFor } from './endpoint.ts';

describe('endpointsFor', () => {
  it.each(['valueOf', 'constructor', '__proto__'])('takes %s for a host like any other', host => {
    expect(endpointsFor(host, { mirrors: {} })).toEqual([{ host, schemes: ['https'], prefix: '' }]);
  });
});
