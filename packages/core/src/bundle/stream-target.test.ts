import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { StreamTarget } from './stream-target.ts';

const openTarget = () => {
  const out = new PassThrough({ highWaterMark: 1 });
  return { out, target: new StreamTarget(out, new AbortController().signal) };
};

it('fails when the stream is closed while it is full', async () => {
  const { out, target } = openTarget();
  const written = target.write(Buffer.alloc(10));
  out.destroy();
  await expect(written).rejects.toMatchObject({ code: 'INTERRUPTED' });
  await expect(target.write(Buffer.alloc(10))).rejects.toMatchObject({ code: 'INTERRUPTED' });
});

it('fails when the stream was closed before', async () => {
  const out = new PassThrough({ highWaterMark: 1 });
  out.destroy();
  const target = new StreamTarget(out, new AbortController().signal);
  await expect(target.write(Buffer.alloc(10))).rejects.toMatchObject({ code: 'INTERRUPTED' });
});

it('throws the error of the stream', async () => {
  const { out, target } = openTarget();
  const written = target.write(Buffer.alloc(10));
  const error = new Error('no space');
  out.destroy(error);
  await expect(written).rejects.toBe(error);
});
