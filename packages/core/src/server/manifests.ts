import { hasDigestForm } from '../oci/digest.ts';
import { type Answer, empty } from './http-response.ts';
import { type AskedOfRepository, firstOf } from './api-request.ts';
import { refusal } from './error-response.ts';
import { digestHeaders, isKnown } from './etag.ts';

/** `GET /v2/<name>/manifests/<tag or digest>`; the bytes go out as they are, whatever `Accept` says. */
export function manifests({ found, name, reference, headers }: AskedOfRepository): Answer {
  if (reference.includes(':') && !hasDigestForm(reference))
    return refusal('DIGEST_INVALID', 'this is not a digest');
  const served = firstOf(found, repository => repository.manifest(reference));
  if (!served) return refusal('MANIFEST_UNKNOWN', `${name} has no such manifest`);
  const { content, manifest } = served;
  const about = { ...digestHeaders(content.digest), 'Content-Type': manifest.mediaType };
  if (isKnown(headers, content.digest)) return empty(304, about);
  return { status: 200, headers: about, body: { content, range: { start: 0, end: content.size } } };
}
