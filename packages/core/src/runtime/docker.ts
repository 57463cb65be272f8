import { z } from 'zod';
import type { ReadOutput } from '../process/run-program.ts';
import { canonicalName } from './canonical-name.ts';
import { Client } from './client.ts';
import { parseSize } from './parse-size.ts';
import type { ExportRequest, Runtime, RuntimeImage, WriteBundle } from './runtime.ts';

const NONE = '<none>';

/** A line of `docker image ls`: one for each name. */
const rowSchema = z.looseObject({
  ID: z.string(),
  Repository: z.string(),
  Tag: z.string(),
  Digest: z.string().default(NONE),
  Size: z.string().default(''),
});

/** Docker, which stores names and configs; with the containerd image store, manifests and digests as well. */
export class Docker implements Runtime {
  readonly title = 'Docker';
  readonly keepsManifests = false;
  readonly #client = new Client('docker');

  async images(signal: AbortSignal): Promise<RuntimeImage[]> {
    const args = ['image', 'ls', '--no-trunc', '--digests', '--format', '{{json .}}'];
    const lines = (await this.#client.query(args, signal)).split('\n').filter(Boolean);
    return lines.map(line => {
      const row = this.#client.parse(line, rowSchema);
      const names: string[] = [];
      if (row.Tag !== NONE) names.push(`${row.Repository}:${row.Tag}`);
      if (row.Digest !== NONE) names.push(`${row.Repository}@${row.Digest}`);
      return { id: row.ID, names: names.flatMap(canonicalName), size: parseSize(row.Size) };
    });
  }

  load(writeBundle: WriteBundle, signal: AbortSignal): Promise<void> {
    return this.#client.import(['load', '--quiet'], writeBundle, signal);
  }

  export({ names }: ExportRequest, output: ReadOutput, signal: AbortSignal): Promise<void> {
    return this.#client.export(['save', ...names], output, signal);
  }
}
