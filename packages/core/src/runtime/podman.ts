import { z } from 'zod';
import type { ReadOutput } from '../process/run-program.ts';
import { canonicalName } from './canonical-name.ts';
import { Client } from './client.ts';
import type { ExportRequest, Runtime, RuntimeImage, WriteBundle } from './runtime.ts';

const imagesSchema = z.array(
  z.looseObject({
    Id: z.string(),
    Names: z.array(z.string()).nullish(),
    RepoDigests: z.array(z.string()).nullish(),
    Size: z.number().default(0),
  }),
);

/** Podman, which stores names and configs; it recompresses layers, so manifest digests change. */
export class Podman implements Runtime {
  readonly title = 'podman';
  readonly keepsManifests = false;
  readonly #client = new Client('podman');

  async images(signal: AbortSignal): Promise<RuntimeImage[]> {
    const text = await this.#client.query(['images', '--no-trunc', '--format', 'json'], signal);
    const images = this.#client.parse(text, imagesSchema);
    return images.map(({ Id, Names, RepoDigests, Size }) => ({
      id: `sha256:${Id}`,
      names: [...(Names ?? []), ...(RepoDigests ?? [])].flatMap(canonicalName),
      size: Size,
    }));
  }

  load(writeBundle: WriteBundle, signal: AbortSignal): Promise<void> {
    return this.#client.import(['load', '--quiet'], writeBundle, signal);
  }

  /** Exports a docker archive: as an OCI archive, podman would compress the layers again, each time to other bytes. */
  export({ names }: ExportRequest, output: ReadOutput, signal: AbortSignal): Promise<void> {
    const args = ['save', '--quiet', '--format', 'docker-archive', '--multi-image-archive', ...names];
    return this.#client.export(args, output, signal);
  }
}
