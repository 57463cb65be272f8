import { z } from 'zod';
import { Client } from './client.ts';
import { heldName } from './canonical-name.ts';
import type { Feed, HeldImage, Runtime } from './runtime.ts';

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

  async images(signal: AbortSignal): Promise<HeldImage[]> {
    const text = await this.#client.ask(['images', '--no-trunc', '--format', 'json'], signal);
    const images = this.#client.parse(text, imagesSchema);
    return images.map(({ Id: id, Names: names, RepoDigests: digests }) => ({
      id: `sha256:${id}`,
      names: [...(names ?? []), ...(digests ?? [])].flatMap(heldName),
    }));
  }

  load(feed: Feed, signal: AbortSignal): Promise<void> {
    return this.#client.feed(['load', '--quiet'], feed, signal);
  }
}
