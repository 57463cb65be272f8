import { expect, it } from 'vitest';
import { Layout } from '../layout/layout.ts';
import type { LayoutFiles } from '../layout/layout-files.ts';
import { MemoryBytes } from '../store/memory-bytes.ts';
import { bundleArtifact } from './bundle-artifact.ts';

it('refuses an index that registries do not accept, with its size, the limit and the next step', async () => {
  const index = Buffer.alloc(4 * 1024 * 1024 + 1, ' ');
  const files: LayoutFiles = {
    form: 'bundle',
    location: 'app.tar',
    size: index.length,
    entries: new Map([['index.json', { name: 'index.json', size: index.length }]]),
    open: async () => new MemoryBytes(index, 'app.tar'),
    [Symbol.asyncDispose]: async () => {},
  };
  const bundle = { layout: new Layout(files) } as Parameters<typeof bundleArtifact>[0];
  await expect(bundleArtifact(bundle)).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: 'index.json has 4194305 bytes: registries accept indexes of 4194304 bytes',
    where: { path: 'app.tar' },
    hint: 'Build several bundles, each of a part of the images.',
  });
});
