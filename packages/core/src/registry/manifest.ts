import { responseError } from '../http/response-error.ts';
import type { ResponseHead } from '../http/round-trip.ts';
import { AirgapError, type ErrorContext } from '../model/errors.ts';
import { type Digest, digestOf, isDigest } from '../oci/digest.ts';
import { MAX_MANIFEST_SIZE, type RawManifest, rawManifest } from '../oci/manifest.ts';
import { MANIFEST_TYPES } from '../oci/media-type.ts';
import type { Reference } from '../reference/reference.ts';
import { MemorySink } from '../store/blob-writer.ts';
import type { RegistryHost } from './host.ts';

/** What a manifest is asked for with; a registry would answer in schema 1 otherwise. */
export const ACCEPT_MANIFESTS = { accept: MANIFEST_TYPES.join(', ') };

/** Reads a manifest from one host (distribution-spec, "Pulling manifests"), verified. */
export function readManifest(
  host: RegistryHost,
  repository: string,
  name: Reference,
  digest: Digest | undefined,
): Promise<RawManifest> {
  const where: ErrorContext = {
    image: name.toString(),
    host: host.endpoint.host,
    ...(digest ? { digest } : {}),
  };
  const path = `manifests/${digest ?? name.effectiveTag}`;
  const attempt = async () => {
    const sink = new MemorySink(MAX_MANIFEST_SIZE);
    const answer = await host.send(
      { method: 'GET', repository, path, headers: ACCEPT_MANIFESTS },
      () => sink,
    );
    if (answer.status !== 200) throw responseError('read the manifest', answer, answer.errorBody, where);
    const { bytes } = sink;
    checkDigest(digestOf(bytes), digest ?? announcedDigest(answer), where);
    return rawManifest(bytes, String(answer.headers['content-type'] ?? ''));
  };
  return host.run(() => onceMore(attempt), where);
}

/** The digest that an answer's head promises. */
export function announcedDigest({ headers }: ResponseHead): Digest | undefined {
  const value = headers['docker-content-digest'];
  return typeof value === 'string' && isDigest(value) ? value : undefined;
}

/** A broken cache may be passed over; what is wrong twice stays wrong. */
async function onceMore<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (error instanceof AirgapError && error.code === 'CONTENT') return attempt();
    throw error;
  }
}

function checkDigest(actual: Digest, wanted: Digest | undefined, where: ErrorContext): void {
  if (wanted === undefined || actual === wanted) return;
  throw new AirgapError(
    'CONTENT',
    `the manifest does not match its digest: expected ${wanted}, got ${actual}`,
    {
      where,
      hint: 'The registry or a proxy on the way changed it; ask again, and if it stays, push the image anew.',
    },
  );
}
