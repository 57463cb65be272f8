import { z } from 'zod';
import { canonicalName } from './canonical-name.ts';
import { Client } from './client.ts';
import type { Runtime, RuntimeImage, WriteBundle } from './runtime.ts';

const imagesSchema = z.array(
  z.looseObject({
    Id: z.string(),
    Names: z.array(z.string()).nullish(),
    RepoDigests: z.array(z.string()).nullish(),
  }),
);

/** podman, which keeps names and configs; it packs layers anew, so that digests of manifests change. */
export class Podman implements Runtime {
  readonly title = 'podman';
  readonly #client = new Client('podman');

  async images(signal: AbortSignal): Promise<RuntimeImage[]> {
    const text = await this.#client.query(['images', '--no-trunc', '--format', 'json'], signal);
    const images = this.#client.parse(text, imagesSchema);
    return images.map(({ Id: id, Names: names, RepoDigests: digests }) => ({
      id: `sha256:${id}`,
      names: [...(names ?? []), ...(digests ?? [])].flatMap(canonicalName),
    }));
  }

  load(feed: WriteBundle, signal: AbortSignal): Promise<void> {
    return this.#client.import(['load', '--quiet'], feed, signal);
  }
}
