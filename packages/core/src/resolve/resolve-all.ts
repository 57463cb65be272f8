import pLimit from 'p-limit';
import { AirgapError, isInterrupted } from '../model/errors.ts';
import type { Digest } from '../oci/digest.ts';
import type { PlatformChoice } from '../oci/platform.ts';
import type { Reference } from '../reference/reference.ts';
import type { OnEvent } from '../store/events.ts';
import type { SourceOf } from '../store/image-source.ts';
import { resolveImage } from './resolve-image.ts';
import type { ResolvedImage } from './resolved-image.ts';

/** Images that are resolved concurrently; the limits per host apply in addition. */
const CONCURRENCY = 64;

/** A request for an image by its name. */
interface Request {
  readonly reference: Reference;
  /** The digest that the name is locked to. */
  readonly pin?: { readonly digest: Digest } | undefined;
}

/** The outcome of one request: the resolved image, or the error. */
export type Resolution<R extends Request = Request> =
  | { readonly request: R; readonly image: ResolvedImage; readonly error?: undefined }
  | { readonly request: R; readonly image?: undefined; readonly error: AirgapError };

/** Resolves all images concurrently; returns the outcomes in the order of the requests. @throws only when interrupted */
export async function resolveAll<R extends Request>(
  sourceOf: SourceOf,
  requests: readonly R[],
  platformsOf: (name: Reference) => PlatformChoice,
  onEvent: OnEvent | undefined,
): Promise<Resolution<R>[]> {
  const limit = pLimit(CONCURRENCY);
  let done = 0;
  const resolve = async (request: R): Promise<Resolution<R>> => {
    const { reference, pin } = request;
    try {
      const image = await resolveImage(
        sourceOf(reference),
        reference,
        platformsOf(reference),
        onEvent,
        pin?.digest,
      );
      done += 1;
      onEvent?.({
        type: 'resolved',
        image: reference.toString(),
        digest: image.root.digest,
        done,
        total: requests.length,
      });
      return { request, image };
    } catch (error) {
      if (!(error instanceof AirgapError) || isInterrupted(error)) throw error;
      return { request, error };
    }
  };
  return Promise.all(requests.map(request => limit(() => resolve(request))));
}
