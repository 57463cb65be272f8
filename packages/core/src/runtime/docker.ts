import { z } from 'zod';
import { canonicalName } from './canonical-name.ts';
import { Client } from './client.ts';
import type { Runtime, RuntimeImage, WriteBundle } from './runtime.ts';

const NONE = '<none>';

/** A line of `docker image ls`, one for each name. */
const rowSchema = z.looseObject({
  ID: z.string(),
  Repository: z.string(),
  Tag: z.string(),
  Digest: z.string().default(NONE),
});

/** Docker, which keeps names and configs; with the containerd image store, manifests and digests as well. */
export class Docker implements Runtime {
  readonly title = 'Docker';
  readonly #client = new Client('docker');

  async images(signal: AbortSignal): Promise<RuntimeImage[]> {
    const args = ['image', 'ls', '--no-trunc', '--digests', '--format', '{{json .}}'];
    const lines = (await this.#client.query(args, signal)).split('\n').filter(Boolean);
    return lines.map(line => {
      const {
        ID: id,
        Repository: repository,
        Tag: tag,
        Digest: digest,
      } = this.#client.parse(line, rowSchema);
      const names = [
        tag === NONE ? [] : [`${repository}:${tag}`],
        digest === NONE ? [] : [`${repository}@${digest}`],
      ];
      return { id, names: names.flat().flatMap(canonicalName) };
    });
  }

  load(feed: WriteBundle, signal: AbortSignal): Promise<void> {
    return this.#client.import(['load', '--quiet'], feed, signal);
  }
}
