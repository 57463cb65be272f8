import type { ServerResponse } from 'node:http';
import type { Contents, StoredManifest } from './contents.ts';
import { type RegistryRequest, targetOf } from './request.ts';
import { sendBlob, sendError, sendJson } from './response.ts';

const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json';

/** The pull side of a registry (distribution-spec, "Pull" and "Content Discovery"). */
export class PullApi {
  readonly #contents: Contents;
  readonly #hasReferrers: boolean;

  constructor(contents: Contents, { referrers = false }: { readonly referrers?: boolean }) {
    this.#contents = contents;
    this.#hasReferrers = referrers;
  }

  respond({ path, url, range }: RegistryRequest, response: ServerResponse): void {
    const { kind, repository, reference } = targetOf(path);
    const manifest = this.manifestAt(path);
    const blob = this.blobAt(path);
    if (manifest) response.end(manifest.bytes);
    else if (blob) sendBlob(response, blob, range);
    else if (kind === 'tags') this.#sendTags(repository, url, response);
    else if (kind === 'referrers' && this.#hasReferrers) this.#sendReferrers(repository, reference, response);
    else sendError(response, 404, kind === 'manifests' ? 'MANIFEST_UNKNOWN' : 'BLOB_UNKNOWN', 'not here');
  }

  manifestAt(path: string): StoredManifest | undefined {
    const { kind, repository, reference } = targetOf(path);
    return kind === 'manifests' ? this.#contents.manifest(repository, reference) : undefined;
  }

  blobAt(path: string): Buffer | undefined {
    const { kind, repository, reference } = targetOf(path);
    return kind === 'blobs' ? this.#contents.blob(repository, reference) : undefined;
  }

  #sendTags(repository: string, { pathname, searchParams }: URL, response: ServerResponse): void {
    const after = searchParams.get('last') ?? '';
    const all = this.#contents.tags(repository).filter(tag => tag > after);
    const tags = all.slice(0, Number(searchParams.get('n') ?? all.length));
    const next = `${pathname}?n=${tags.length}&last=${tags.at(-1)}`;
    if (tags.length < all.length) response.setHeader('link', `<${next}>; rel="next"`);
    sendJson(response, { name: repository, tags });
  }

  #sendReferrers(repository: string, digest: string, response: ServerResponse): void {
    const manifests = this.#contents.referrers(repository, digest);
    response.setHeader('content-type', INDEX_TYPE);
    sendJson(response, { schemaVersion: 2, mediaType: INDEX_TYPE, manifests });
  }
}
