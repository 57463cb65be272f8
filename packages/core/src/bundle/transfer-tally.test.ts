import { expect, it } from 'vitest';
import { Layout } from '../layout/layout.ts';
import { TarFiles } from '../layout/tar-files.ts';
import { MemoryBytes } from '../store/memory-bytes.ts';
import { MemoryStore } from '../store/memory-store.ts';
import { TransferTally } from './transfer-tally.ts';

const layout = () =>
  new Layout(new TarFiles(new MemoryBytes(Buffer.alloc(0), 'x'), { form: 'bundle', entries: new Map() }));

it('says where the bytes of a build came from', () => {
  const [previous, local] = [layout(), layout()];
  const tally = new TransferTally(previous);
  tally.add(new MemoryStore(), 1000);
  tally.add(local, 200);
  tally.add(previous, 30);
  tally.add(new MemoryStore(), 5000);
  expect(tally.total(7, 512)).toEqual({
    downloaded: 6000,
    reused: 200,
    resumed: 37,
    written: 6000 + 200 + 30 + 512,
  });
});
