import { dirname } from 'node:path';
import type { Layout } from '../layout/layout.ts';
import { openDockerArchive } from '../layout/open-docker-archive.ts';
import type { PlatformChoice } from '../oci/platform.ts';
import type { Reference } from '../reference/reference.ts';
import type { Runtime, RuntimeImage } from '../runtime/runtime.ts';
import type { OnEvent } from '../store/events.ts';
import { prefix } from './message-prefix.ts';
import type { RuntimeSourceSpec } from './source-spec.ts';
import { spool } from './spool.ts';

export interface RuntimeExportOptions {
  /** The images of the specs. */
  readonly names: readonly Reference[];
  readonly platforms: PlatformChoice;
  /** The start of the path of the temporary file. */
  readonly spoolPath: string;
  readonly onEvent: OnEvent;
  readonly signal: AbortSignal;
}

/**
 * Exports those of the named images that a runtime has to a temporary file, all at once: they share layers.
 *
 * @returns undefined when it has none of them
 * @throws AirgapError `RUNTIME`, `DISK`, `BUNDLE`
 */
export async function exportFromRuntime(
  { text, runtime }: RuntimeSourceSpec,
  options: RuntimeExportOptions,
): Promise<Layout | undefined> {
  const { platforms, spoolPath, onEvent, signal } = options;
  const { names, size } = await findImages(runtime, options);
  if (names.length === 0) return undefined;
  const message = `${prefix(text)} exporting ${names.length} of its images, about ${size} bytes, to a temporary file in ${dirname(spoolPath)}`;
  onEvent({ type: 'notice', message });
  const what = `the export of ${text}`;
  const file = await spool({ path: spoolPath, size, what }, output =>
    runtime.export({ names, platforms }, output, signal),
  );
  return openDockerArchive(file);
}

/** The names that a runtime has, as it knows them, and about how many bytes their images are. */
async function findImages(
  runtime: Runtime,
  { names, signal }: RuntimeExportOptions,
): Promise<{ names: string[]; size: number }> {
  const byName = new Map<string, RuntimeImage>();
  for (const image of await runtime.images(signal)) for (const name of image.names) byName.set(name, image);
  const found = new Map<string, RuntimeImage>();
  for (const name of names.flatMap(spellings)) {
    const image = byName.get(name);
    if (image) found.set(name, image);
  }
  const images = new Map([...found.values()].map(({ id, size }) => [id, size]));
  return { names: [...found.keys()], size: [...images.values()].reduce((sum, size) => sum + size, 0) };
}

/** A runtime has a name with a tag and a digest under one of them. */
function spellings(name: Reference): string[] {
  const { tag, digest } = name;
  if (digest === undefined) return [name.toString()];
  return [name.withDigest(digest), ...(tag === undefined ? [] : [name.withTag(tag)])].map(String);
}
