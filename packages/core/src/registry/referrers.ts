import { responseError } from '../http/response-error.ts';
import { AirgapError, type ErrorContext } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { MAX_MANIFEST_SIZE, parseManifest, rawManifest } from '../oci/manifest.ts';
import { MediaType } from '../oci/media-type.ts';
import { referrersTag } from '../oci/referrer.ts';
import type { Reference } from '../reference/reference.ts';
import { MemorySink } from '../store/blob-writer.ts';
import type { ApiResponse, RegistryHost } from './host.ts';
import { readManifest } from './manifest.ts';

/** More than anything hangs on one manifest: a registry could list them for ever. */
const MAX_REFERRERS = 1000;
const MAX_PAGES = 100;
/** What registries answer that do not know the question. */
const UNKNOWN_API = [400, 404, 405, 406, 501];

/** Something in one repository of one host. */
export interface Place {
  readonly host: RegistryHost;
  readonly repository: string;
  /** For errors: what it belongs to. */
  readonly name: Reference;
  /** Whether the repository will be written to, so that one token does. */
  readonly push?: boolean;
}

/** Everything that names a manifest as its subject, by the API or else by the fallback tag. @throws as registries do */
export async function referrersOf(place: Place, subject: Digest): Promise<readonly Descriptor[]> {
  return (await listReferrers(place, subject)) ?? (await taggedReferrers(place, subject));
}

/**
 * Asks the referrers API, page by page (distribution-spec, "Listing Referrers").
 *
 * @returns nothing when the registry has no such API
 * @throws AirgapError `REGISTRY` for lists that do not end or lead elsewhere, and as registries do
 */
export function listReferrers(place: Place, subject: Digest): Promise<readonly Descriptor[] | undefined> {
  const { host } = place;
  const where = { image: place.name.toString(), digest: subject, host: host.endpoint.host };
  return host.run(async () => {
    const found = new Map<Digest, Descriptor>();
    let path: string | URL | undefined = `referrers/${subject}`;
    for (let page = 0; path !== undefined; page += 1) {
      if (page >= MAX_PAGES || found.size > MAX_REFERRERS) throw tooMany(where);
      const { answer, manifest } = await readPage(place, path);
      if (
        manifest === undefined &&
        page === 0 &&
        (answer.status === 200 || UNKNOWN_API.includes(answer.status))
      )
        return undefined;
      if (manifest?.kind !== 'index')
        throw responseError('list what refers to the image', answer, answer.errorBody, where);
      for (const descriptor of manifest.manifests) found.set(descriptor.digest, descriptor);
      path = nextPage(answer, where);
    }
    if (found.size > MAX_REFERRERS) throw tooMany(where);
    return [...found.values()];
  }, where);
}

/** What is listed under the fallback tag, if anything is. */
async function taggedReferrers(place: Place, subject: Digest): Promise<readonly Descriptor[]> {
  const raw = await findManifest(place, place.name.withTag(referrersTag(subject)));
  const manifest = raw && parseManifest(raw);
  if (manifest?.kind !== 'index') return [];
  if (manifest.manifests.length <= MAX_REFERRERS) return manifest.manifests;
  throw tooMany({ image: place.name.toString(), digest: subject, host: place.host.endpoint.host });
}

/** A manifest that may not be there. */
export async function findManifest({ host, repository }: Place, name: Reference) {
  try {
    return await readManifest(host, repository, name, name.digest);
  } catch (error) {
    if (error instanceof AirgapError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

async function readPage({ host, repository, push }: Place, path: string | URL) {
  const sink = new MemorySink(MAX_MANIFEST_SIZE);
  const headers = { accept: MediaType.ociIndex };
  const answer = await host.send(
    { method: 'GET', repository, path, headers, ...(push ? { push } : {}) },
    () => sink,
  );
  // Something else may answer any path with 200.
  const type = String(answer.headers['content-type'] ?? '').split(';', 1)[0];
  const isList = answer.status === 200 && type === MediaType.ociIndex;
  return {
    answer,
    manifest: isList ? parseManifest(rawManifest(sink.bytes, MediaType.ociIndex)) : undefined,
  };
}

/** Where `Link` leads (RFC 8288), which must be the same registry: credentials go along. */
function nextPage({ headers, url }: ApiResponse, where: ErrorContext): URL | undefined {
  const [, target] = /<([^>]*)>\s*;[^,]*\brel="?next"?/.exec(String(headers.link ?? '')) ?? [];
  if (target === undefined) return undefined;
  const next = URL.canParse(target, url.href) ? new URL(target, url) : undefined;
  if (next?.origin === url.origin) return next;
  throw new AirgapError('REGISTRY', 'the list of what refers to the image goes on at another place', {
    where,
    hint: `Ask whoever runs ${where.host} to mend its links, or build without --referrers.`,
  });
}

function tooMany(where: ErrorContext): AirgapError {
  return new AirgapError(
    'REGISTRY',
    `more than ${MAX_REFERRERS} manifests, or ${MAX_PAGES} pages of them, refer to the image`,
    {
      where,
      hint: 'Remove those that nobody needs, or build without --referrers.',
    },
  );
}
