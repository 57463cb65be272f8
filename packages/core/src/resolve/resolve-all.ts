import pLimit from 'p-limit';
import type { Source } from '../store/image-source.ts';
import { AirgapError, isInterrupted } from '../model/errors.ts';
import type { OnEvent } from '../store/events.ts';
import type { PlatformChoice } from '../oci/platform.ts';
import type { ImageRequest } from '../input/requests.ts';
import { resolveImage } from './resolve-image.ts';
import type { ResolvedImage } from './resolved-image.ts';

/** Names resolved at once; the registries' own limits come on top. */
const RESOLVERS = 64;

/** What a registry says to a request: what the image is, or why it cannot be had. */
export type Answer =
  | { readonly request: ImageRequest; readonly image: ResolvedImage; readonly error?: undefined }
  | { readonly request: ImageRequest; readonly image?: undefined; readonly error: AirgapError };

/** Asks for every image at once; the answers come in the order of the requests. @throws only when interrupted */
export async function askAll(
  source: Source,
  requests: readonly ImageRequest[],
  platforms: PlatformChoice,
  onEvent: OnEvent | undefined,
): Promise<Answer[]> {
  const limit = pLimit(RESOLVERS);
  let done = 0;
  const ask = async (request: ImageRequest): Promise<Answer> => {
    const { reference } = request;
    try {
      const image = await resolveImage(source, reference, platforms);
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
  return Promise.all(requests.map(request => limit(() => ask(request))));
}
