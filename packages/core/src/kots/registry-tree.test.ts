import { expect, it } from 'vitest';
import { digestOf } from '../oci/digest.ts';
import { Reference } from '../reference/reference.ts';
import { lastSegment } from '../reference/relocation.ts';
import { parseTreePath, type TreeFile, treePath } from './registry-tree.ts';

const digest = digestOf(Buffer.from('content'));
const hex = digest.slice('sha256:'.length);
const TREE = 'images/docker/registry/v2';

it.each<[TreeFile, string]>([
  [{ kind: 'blob', digest }, `${TREE}/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`],
  [{ kind: 'layer', repository: 'app', digest }, `${TREE}/repositories/app/_layers/sha256/${hex}/link`],
  [
    { kind: 'revision', repository: 'app', digest },
    `${TREE}/repositories/app/_manifests/revisions/sha256/${hex}/link`,
  ],
  [
    { kind: 'tag', repository: 'app', tag: '1.0-a_b' },
    `${TREE}/repositories/app/_manifests/tags/1.0-a_b/current/link`,
  ],
])('%j is at its path', (file, path) => {
  expect(treePath(file)).toBe(path);
  expect(parseTreePath(path)).toEqual(file);
});

it.each([
  'airgap.yaml',
  'images',
  `${TREE}/blobs/sha256/00/${hex}/data`,
  `${TREE}/blobs/sha256/${hex.slice(0, 2)}/${hex.toUpperCase()}/data`,
  `${TREE}/blobs/sha256/${hex.slice(0, 2)}/${hex}/data/more`,
  `./${TREE}/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`,
  `${TREE}/repositories/a/b/_layers/sha256/${hex}/link`,
  `${TREE}/repositories/app/_manifests/tags/1/index/sha256/${hex}/link`,
])('%s is no file of the tree', path => expect(parseTreePath(path)).toBeUndefined());

/** As KOTS's own pkg/imageutil names them. */
it.each([
  ['redis', 'redis'],
  ['redis:7', 'redis'],
  ['library/redis', 'redis'],
  ['docker.io/redis', 'redis'],
  ['index.docker.io/library/redis:7', 'redis'],
  ['quay.io/team/app:1', 'app'],
  ['registry.local:5000/a/b/c:2', 'c'],
  ['proxy.replicated.com/proxy/app/quay.io/team/web:1', 'web'],
  ['proxy.replicated.com/anonymous/index.docker.io/library/nginx:1', 'nginx'],
  ['registry.replicated.com/app/worker:1', 'worker'],
  [`quay.io/team/pinned@${digest}`, 'pinned'],
  [`quay.io/team/td:1.2@${digest}`, 'td'],
])('%s is in the repository %s', (name, repository) => {
  expect(lastSegment(Reference.parse(name))).toBe(repository);
});
