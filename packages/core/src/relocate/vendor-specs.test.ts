import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Reference } from '../reference/reference.ts';
import type { OutputFile } from './output-file.ts';
import { Renames } from './renames.ts';
import { VendorSpecs } from './vendor-specs.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'airgap-specs-'));
  mkdirSync(join(folder, 'in'));
  writeFileSync(
    join(folder, 'in', 'pod.yaml'),
    '\uFEFFapiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - image: quay.io/a/b:1\n',
  );
  writeFileSync(join(folder, 'in', 'other.bin'), Buffer.from([0, 1, 2]));
});
afterEach(() => rmSync(folder, { recursive: true }));

const name = Reference.parse('quay.io/a/b:1');
const renames = new Renames([
  { name, newName: Reference.parse('reg.test/b:1'), digest: `sha256:${'a'.repeat(64)}` },
]);

async function copy(meanwhile: () => void = () => {}): Promise<OutputFile[]> {
  const specs = await VendorSpecs.open({ specs: [join(folder, 'in')], directory: join(folder, 'out') });
  const rewritten = specs.rewrite({ renames });
  meanwhile();
  const files: OutputFile[] = [];
  for await (const file of specs.files(rewritten)) files.push(file);
  return files;
}

it('copies every file, with the new images where there are any', async () => {
  const files = (await copy()).map(({ path, content }) => [path, Buffer.from(content).toString('latin1')]);
  const mark = Buffer.from('\uFEFF').toString('latin1');
  expect(files.sort()).toEqual([
    [join(folder, 'out', 'in', 'other.bin'), '\0\x01\x02'],
    [
      join(folder, 'out', 'in', 'pod.yaml'),
      `${mark}apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - image: reg.test/b:1\n`,
    ],
  ]);
});

it('does not copy a file that has changed since it was read', async () => {
  const path = join(folder, 'in', 'pod.yaml');
  await expect(copy(() => appendFileSync(path, '# more\n'))).rejects.toMatchObject({
    code: 'INPUT',
    message: 'the file has changed since it was read',
    where: { path },
  });
});
