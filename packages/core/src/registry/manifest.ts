import { responseError } from '../http/response-error.ts';
import type { ResponseHead } from '../http/round-trip.ts';
import { AirgapError, type ErrorContext } from '../model/errors.ts';
import { type Digest, digestOf, isDigest } from '../oci/digest.ts';
import { MAX_MANIFEST_SIZE, type RawManifest, rawManifest } from '../oci/manifest.ts';
import { MANIFEST_TYPES } from '../oci/media-type.ts';
import type { Reference } from '../reference/reference.ts';
import { MemorySink } from '../store/blob-writer.ts';
import { digestMismatch } from '../store/verifier.ts';
import { isRefusedCheck } from './blob.ts';
import type { ApiResponse, RegistryHost } from './host.ts';

/** The headers of manifest requests; without them a registry may send schema 1. */
export const ACCEPT_MANIFESTS = { accept: MANIFEST_TYPES.join(', ') };

export interface ReadManifestOptions {
  /** The `Accept` header; default: all types of image manifests. */
  readonly headers?: Record<string, string> | undefined;
  /** Whether it may be missing: some registries refuse to say so, with 403 for example. */
  readonly isOptional?: boolean | undefined;
}

/** Reads and verifies a manifest from one host (distribution-spec, "Pulling manifests"). */
export function readManifest(
  host: RegistryHost,
  repository: string,
  name: Reference,
  digest: Digest | undefined,
  { headers = ACCEPT_MANIFESTS, isOptional = false }: ReadManifestOptions = {},
): Promise<RawManifest> {
  const where: ErrorContext = {
    image: name.toString(),
    host: host.endpoint.host,
    ...(digest ? { digest } : {}),
  };
  const path = `manifests/${digest ?? name.effectiveTag}`;
  const attempt = async () => {
    const sink = new MemorySink(MAX_MANIFEST_SIZE, 'the manifest');
    const response = await host.send({ method: 'GET', repository, path, headers }, () => sink);
    if (isOptional && (await isRefusedCheck(host, response))) throw hiddenTag(host, response, where);
    if (response.status !== 200)
      throw responseError('read the manifest', response, response.errorBody, where);
    const { bytes } = sink;
    checkDigest(digestOf(bytes), digest ?? announcedDigest(response), where);
    return rawManifest(bytes, String(response.headers['content-type'] ?? ''));
  };
  return host.run(() => retryMismatch(attempt), where);
}

function hiddenTag(host: RegistryHost, { status }: ApiResponse, where: ErrorContext): AirgapError {
  const reason = `answered ${status} for a tag that need not exist`;
  host.reportOnce(
    'hidden tag',
    `${host.endpoint.host} ${reason}: such signatures and referrers count as missing`,
  );
  return new AirgapError('NOT_FOUND', `the registry ${reason}`, { where });
}

/** Returns the `Docker-Content-Digest` of a response. */
export function announcedDigest({ headers }: ResponseHead): Digest | undefined {
  const value = headers['docker-content-digest'];
  return typeof value === 'string' && isDigest(value) ? value : undefined;
}

/** Retries once after a digest mismatch, which may come from a broken cache. */
async function retryMismatch<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (error instanceof AirgapError && error.code === 'CONTENT') return attempt();
    throw error;
  }
}

function checkDigest(actual: Digest, expected: Digest | undefined, where: ErrorContext): void {
  const mismatch = expected && digestMismatch(expected, actual);
  if (mismatch === undefined) return;
  throw new AirgapError('CONTENT', `manifest ${mismatch}`, {
    where,
    hint: 'Try again; if it persists, push the image again: the registry or a proxy modified the manifest.',
  });
}
