import { type Digest, digestHex, isDigest } from '../oci/digest.ts';

/**
 * The files of a `.airgap` of the format `docker`: those that the registry of distribution stores, below `images/`.
 * A link is a file whose content is a digest, without a newline.
 */
const ROOT = 'images/docker/registry/v2/';
const BLOBS = `${ROOT}blobs/sha256/`;
const REPOSITORIES = `${ROOT}repositories/`;

const BLOB = /^(?<shard>[0-9a-f]{2})\/(?<hex>[0-9a-f]{64})\/data$/;
const LAYER = /^(?<repository>[^/]+)\/_layers\/sha256\/(?<hex>[0-9a-f]{64})\/link$/;
const REVISION = /^(?<repository>[^/]+)\/_manifests\/revisions\/sha256\/(?<hex>[0-9a-f]{64})\/link$/;
const TAG = /^(?<repository>[^/]+)\/_manifests\/tags\/(?<tag>[^/]+)\/current\/link$/;

/** What a file of the tree is. */
export type TreeFile =
  | { readonly kind: 'blob'; readonly digest: Digest }
  | { readonly kind: 'layer' | 'revision'; readonly repository: string; readonly digest: Digest }
  | { readonly kind: 'tag'; readonly repository: string; readonly tag: string };

/** The path of a file in the archive. */
export function treePath(file: TreeFile): string {
  if (file.kind === 'blob') {
    const hex = digestHex(file.digest);
    return `${BLOBS}${hex.slice(0, 2)}/${hex}/data`;
  }
  const repository = `${REPOSITORIES}${file.repository}`;
  if (file.kind === 'tag') return `${repository}/_manifests/tags/${file.tag}/current/link`;
  const folder = file.kind === 'layer' ? '_layers' : '_manifests/revisions';
  return `${repository}/${folder}/sha256/${digestHex(file.digest)}/link`;
}

/** Returns what a path of the archive is; undefined for other files. */
export function parseTreePath(path: string): TreeFile | undefined {
  if (path.startsWith(BLOBS)) return parseBlob(path.slice(BLOBS.length));
  if (path.startsWith(REPOSITORIES)) return parseLink(path.slice(REPOSITORIES.length));
  return undefined;
}

function parseBlob(path: string): TreeFile | undefined {
  const found = BLOB.exec(path)?.groups;
  const digest = `sha256:${found?.hex}`;
  if (!found?.hex?.startsWith(found.shard ?? '') || !isDigest(digest)) return undefined;
  return { kind: 'blob', digest };
}

function parseLink(path: string): TreeFile | undefined {
  const tagged = TAG.exec(path)?.groups;
  if (tagged) return { kind: 'tag', repository: tagged.repository ?? '', tag: tagged.tag ?? '' };
  const layer = LAYER.exec(path)?.groups;
  const found = layer ?? REVISION.exec(path)?.groups;
  const digest = `sha256:${found?.hex}`;
  if (!found || !isDigest(digest)) return undefined;
  return { kind: layer ? 'layer' : 'revision', repository: found.repository ?? '', digest };
}
