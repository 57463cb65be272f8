import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { interrupted } from '../../model/interrupted.ts';
import { renderKustomizations } from './kustomize.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'airgap-kustomize-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): void {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

describe('a kustomization that would make requests is not rendered:', () => {
  it.each<[string, Record<string, string>]>([
    ['of its own', { 'a/kustomization.yaml': 'resources: [https://example.test/x.yaml]' }],
    [
      'of a base that is not in the input',
      { 'a/kustomization.yaml': 'resources: [../b]', 'b/Kustomization': 'resources: [github.com/team/app]' },
    ],
    [
      'of the base of a base',
      {
        'a/kustomization.yaml': 'resources: [../b]',
        'b/kustomization.yml': 'components: [../c]',
        'c/kustomization.yaml': 'resources: ["git@example.test:team/app"]',
      },
    ],
    [
      'of bases in a circle',
      {
        'a/kustomization.yaml': 'resources: [../b]',
        'b/kustomization.yaml': 'resources: [../a, "ssh://git@example.test/team/app"]',
      },
    ],
  ])('resources %s', async (_whose, files) => {
    for (const [name, text] of Object.entries(files)) write(name, text);
    const path = join(folder, 'a');
    const { errors, sources } = await renderKustomizations([
      { path, file: join(path, 'kustomization.yaml'), files: [] },
    ]);
    expect(sources).toEqual([]);
    expect(errors.map(({ message }) => message).join()).toContain('resources on the network are not fetched');
  });
});

it('an interrupt is not a kustomization that cannot be rendered', async () => {
  write('a/kustomization.yaml', 'resources: []');
  const path = join(folder, 'a');
  const inputs = [{ path, file: join(path, 'kustomization.yaml'), files: [] }];
  await expect(renderKustomizations(inputs, AbortSignal.abort(interrupted()))).rejects.toMatchObject({
    code: 'INTERRUPTED',
  });
});
