import { responseError } from '../http/response-error.ts';
import { AirgapError, type ErrorContext } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { MAX_MANIFEST_SIZE, parseManifest, type RawManifest, rawManifest } from '../oci/manifest.ts';
import { MediaType } from '../oci/media-type.ts';
import { referrersTag } from '../oci/referrer.ts';
import type { Reference } from '../reference/reference.ts';
import { MemorySink } from '../store/blob-writer.ts';
import type { ApiResponse, RegistryHost } from './host.ts';
import { readManifest } from './manifest.ts';
import { nextPage } from './next-page.ts';

/** Limits against endless lists; real manifests have far fewer referrers. */
const MAX_REFERRERS = 1000;
const MAX_PAGES = 100;
/** The statuses of registries without the referrers API. */
const UNSUPPORTED_API = [400, 404, 405, 406, 501];

/** One repository of one host. */
export interface RepositoryLocation {
  readonly host: RegistryHost;
  readonly repository: string;
  /** The image, for errors. */
  readonly name: Reference;
  /** Whether the repository will be written to; one token then serves both. */
  readonly push?: boolean;
}

/** Returns the descriptors of all referrers of a manifest, from the API or else from the fallback tag. */
export async function referrersOf(
  location: RepositoryLocation,
  subject: Digest,
): Promise<readonly Descriptor[]> {
  return (await listReferrers(location, subject)) ?? (await taggedReferrers(location, subject));
}

/**
 * Lists referrers with the API, page by page (distribution-spec, "Listing Referrers").
 *
 * @returns undefined when the registry does not support the API
 * @throws AirgapError `REGISTRY` for endless lists and for pages at another host, and the errors of requests
 */
export function listReferrers(
  location: RepositoryLocation,
  subject: Digest,
): Promise<readonly Descriptor[] | undefined> {
  const { host } = location;
  const where = { image: location.name.toString(), digest: subject, host: host.endpoint.host };
  return host.run(async () => {
    const found = new Map<Digest, Descriptor>();
    let path: string | URL | undefined = `referrers/${subject}`;
    for (let page = 0; path !== undefined; page += 1) {
      if (page >= MAX_PAGES || found.size > MAX_REFERRERS) throw tooMany(where);
      const { response, manifest } = await readPage(location, path);
      if (page === 0 && manifest === undefined && isUnsupported(response)) return undefined;
      if (manifest?.kind !== 'index')
        throw responseError('list the referrers of the image', response, response.errorBody, where);
      for (const descriptor of manifest.manifests) found.set(descriptor.digest, descriptor);
      path = nextPage(response, 'the referrers list', where);
    }
    if (found.size > MAX_REFERRERS) throw tooMany(where);
    return [...found.values()];
  }, where);
}

/** Returns true for registries without the API; some of them answer any path with 200. */
function isUnsupported({ status }: ApiResponse): boolean {
  return status === 200 || UNSUPPORTED_API.includes(status);
}

/** Returns the list under the fallback tag, which may be missing. */
async function taggedReferrers(
  location: RepositoryLocation,
  subject: Digest,
): Promise<readonly Descriptor[]> {
  const raw = await findManifest(location, location.name.withTag(referrersTag(subject)), true);
  const manifest = raw && parseManifest(raw);
  if (manifest?.kind !== 'index') return [];
  if (manifest.manifests.length <= MAX_REFERRERS) return manifest.manifests;
  throw tooMany({ image: location.name.toString(), digest: subject, host: location.host.endpoint.host });
}

/**
 * Reads a manifest that may not exist.
 *
 * @param isOptional whether a registry that refuses to say so, with 403 for example, does not have it
 */
export async function findManifest(
  { host, repository }: RepositoryLocation,
  name: Reference,
  isOptional = false,
): Promise<RawManifest | undefined> {
  try {
    return await readManifest(host, repository, name, name.digest, { isOptional });
  } catch (error) {
    if (error instanceof AirgapError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

async function readPage({ host, repository, push }: RepositoryLocation, path: string | URL) {
  const sink = new MemorySink(MAX_MANIFEST_SIZE);
  const headers = { accept: MediaType.ociIndex };
  const response = await host.send(
    { method: 'GET', repository, path, headers, ...(push ? { push } : {}) },
    () => sink,
  );
  const type = String(response.headers['content-type'] ?? '').split(';', 1)[0];
  const isList = response.status === 200 && type === MediaType.ociIndex;
  return {
    response,
    manifest: isList ? parseManifest(rawManifest(sink.bytes, MediaType.ociIndex)) : undefined,
  };
}

function tooMany(where: ErrorContext): AirgapError {
  return new AirgapError(
    'REGISTRY',
    `the image has more than ${MAX_REFERRERS} referrers, or more than ${MAX_PAGES} pages of them`,
    {
      where,
      hint: 'Remove unneeded referrers, or build without --referrers.',
    },
  );
}
