import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findInput } from './find-input.ts';

const inBeside = (name: string) => `beside/${name}`;

describe('findInput', () => {
  let folder: string;
  const at = (path: string) => join(folder, path);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'airgap-input-'));
    const files = [
      ...['plain/b.yaml', 'plain/a.yml', 'plain/sub/c.YAML', 'plain/notes.txt'],
      ...['plain/.git/x.yaml', 'plain/node_modules/x.yaml', 'empty/readme'],
      ...['plain/package.json', 'plain/pod.JSON', 'plain/.hidden.yaml', 'plain/.ci/x.yaml'],
      ...['all/app.yaml', 'all/web-1.0.0.tgz'],
      ...['all/chart/Chart.yaml', 'all/chart/values.yaml', 'all/chart/templates/sub/web.yaml'],
      ...['all/chart/crds/a.yaml', 'all/chart/charts/db/Chart.yaml', 'all/chart/charts/db/templates/db.yaml'],
      ...['all/kust/kustomization.yml', 'all/kust/web.yaml', 'all/kust/patches/p.yaml'],
      ...['all/kust/base/Kustomization', 'all/kust/base/base.yaml'],
    ];
    for (const file of files) {
      await mkdir(dirname(at(file)), { recursive: true });
      const manifest = file.endsWith('.JSON') ? '{"apiVersion": "v1", "kind": "Pod"}' : `# ${file}`;
      await writeFile(at(file), manifest);
    }
    await mkdir(at('linked'));
    await mkdir(at('linked/real'));
    await writeFile(at('linked/real/d.yaml'), '# d');
    await symlink('real', at('linked/inner'));
    await symlink('../plain/sub', at('linked/sub'));
    await symlink('../plain/b.yaml', at('linked/b.yaml'));
    await symlink('nowhere', at('linked/gone.yaml'));
    await symlink('..', at('linked/back'));
    await symlink('nowhere', at('linked/gone'));
    await mkdir(at('odd'));
    await writeFile(at('odd/a.yaml'), Buffer.from([0xff, 0x80]));
    await writeFile(at('odd/b.yaml'), 'b');
    const pod = '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "caf\u00e9"}}';
    await mkdir(at('encodings'));
    await writeFile(at('encodings/a.yaml'), 'a');
    await writeFile(at('encodings/latin1.json'), pod, 'latin1');
    await writeFile(at('encodings/utf16.json'), `\uFEFF${pod}`, 'utf16le');
    await writeFile(at('encodings/other.json'), '{"name": "caf\u00e9"}', 'latin1');
    const beside = [
      ...['a.yaml', 'k8s/b.yml', 'k8s/charts/x/templates/c.yaml', 'files/d.json', 'k8s/kustomization.yaml'],
      ...['values.yaml', 'ci/values.yaml', 'templates/e.yaml', 'crds/f.yaml', 'charts/db/templates/g.yaml'],
      ...['charts/db/Chart.yaml', 'charts/db/charts/deep/crds/h.yaml', 'charts/db/i.yaml'],
    ];
    for (const name of ['Chart.yaml', ...beside]) {
      const isOther = /Chart|values|kustomization/.test(name);
      const manifest = name.endsWith('.json') ? pod : '# x\napiVersion: v1\nkind: Pod\n';
      await mkdir(dirname(at(`beside/${name}`)), { recursive: true });
      await writeFile(at(`beside/${name}`), isOther ? 'apiVersion: v2\nname: x\n' : manifest);
    }
  });

  afterAll(() => rm(folder, { recursive: true }));

  async function find(path: string) {
    const { texts, charts, kustomizations, readErrors, notes } = await findInput([at(path)]);
    const short = (file: string) => relative(folder, file);
    const rendered = ({ file, files }: { file: string; files: string[] }) => [file, ...files].map(short);
    return {
      texts: texts.map(({ file }) => short(file)),
      charts: charts.map(rendered),
      kustomizations: kustomizations.map(rendered),
      notes: notes.map(({ message, position }) => `${short(position.file)} ${message}`),
      readErrors: readErrors.map(({ where }) => short(where.position?.file ?? '')),
    };
  }

  it.each<[name: string, path: string, found: Partial<Awaited<ReturnType<typeof find>>>]>([
    [
      'the YAML and the JSON manifests of a directory at any depth, in the order of names',
      'plain',
      {
        texts: ['plain/a.yml', 'plain/b.yaml', 'plain/pod.JSON', 'plain/sub/c.YAML'],
        notes: [
          'plain/.hidden.yaml hidden YAML files are not read: .hidden.yaml',
          'plain/.ci hidden folders are not read: .ci',
        ],
      },
    ],
    [
      'the targets of links inside the directory, without cycles',
      'linked',
      {
        texts: ['linked/inner/d.yaml', 'linked/real/d.yaml'],
        notes: [
          'linked/b.yaml links that lead out of the folder are not followed: b.yaml, back, sub',
          'linked/gone.yaml not regular files, so not read: gone.yaml',
        ],
      },
    ],
    ['a file of any name', 'plain/notes.txt', { texts: ['plain/notes.txt'] }],
    [
      'charts and kustomizations with their files',
      'all',
      {
        texts: ['all/app.yaml'],
        charts: [
          [
            'all/chart/Chart.yaml',
            'all/chart/charts/db/templates/db.yaml',
            'all/chart/crds/a.yaml',
            'all/chart/templates/sub/web.yaml',
          ],
          ['all/web-1.0.0.tgz'],
        ],
        kustomizations: [
          ['all/kust/kustomization.yml', 'all/kust/patches/p.yaml', 'all/kust/web.yaml'],
          ['all/kust/base/Kustomization', 'all/kust/base/base.yaml'],
        ],
      },
    ],
    ['a chart by its archive', 'all/web-1.0.0.tgz', { charts: [['all/web-1.0.0.tgz']] }],
    [
      'a kustomization by its file',
      'all/kust/base/Kustomization',
      { kustomizations: [['all/kust/base/Kustomization', 'all/kust/base/base.yaml']] },
    ],
    [
      'the manifests beside a chart that helm does not render, as a note',
      'beside',
      {
        charts: [
          [
            'beside/Chart.yaml',
            ...['charts/db/charts/deep/crds/h.yaml', 'charts/db/templates/g.yaml', 'crds/f.yaml'].map(
              inBeside,
            ),
            ...['k8s/charts/x/templates/c.yaml', 'templates/e.yaml'].map(inBeside),
          ],
        ],
        notes: [
          'beside/a.yaml manifests in the folder of a chart that helm does not render are not read: ' +
            'a.yaml, charts/db/i.yaml, files/d.json, k8s/b.yml, k8s/charts/x/templates/c.yaml and 1 more',
        ],
      },
    ],
    [
      'JSON manifests in another encoding as errors, but no other JSON',
      'encodings',
      { texts: ['encodings/a.yaml'], readErrors: ['encodings/latin1.json', 'encodings/utf16.json'] },
    ],
    ['readable files beside unreadable ones', 'odd', { texts: ['odd/b.yaml'], readErrors: ['odd/a.yaml'] }],
  ])('finds %s', async (_name, path, found) => {
    expect(await find(path)).toEqual({
      texts: [],
      charts: [],
      kustomizations: [],
      readErrors: [],
      notes: [],
      ...found,
    });
  });

  it('returns texts as they are', async () => {
    const stdin = { file: '<stdin>', text: 'redis' };
    expect((await findInput([stdin])).texts).toEqual([stdin]);
  });

  it.each([
    ['a missing file', 'none.yaml', 'no such file or directory'],
    ['a directory without YAML', 'empty', 'no YAML files or JSON manifests in the directory'],
    ['a binary file passed by itself', 'odd/a.yaml', 'not UTF-8'],
  ])('rejects %s with its path', async (_name, file, message) => {
    await expect(findInput([at(file)])).rejects.toMatchObject({
      code: 'INPUT',
      message: expect.stringContaining(message),
      where: { path: at(file) },
    });
  });
});
