import { DistinctFiles } from './find/distinct-files.ts';
import { findInput, readFiles } from './find/find-input.ts';
import { ImagePath, type ImagePaths } from './formats/image-path.ts';
import type { SourceText } from './model/source-text.ts';
import type { Spec } from './model/spec.ts';
import { renderCharts } from './render/helm.ts';
import { renderKustomizations } from './render/kustomize.ts';
import { parseSpec, SpecParser } from './spec-parser.ts';

export interface SpecOptions {
  /** Files, directories, charts, kustomizations, or texts. */
  readonly specs: readonly (string | SourceText)[];
  /** Where objects of other kinds name images. */
  readonly imagePaths?: ImagePaths | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What was read, and how to read it again when only the texts have changed: nothing is rendered anew. */
export interface Reading {
  readonly spec: Spec;
  reread(sources: readonly SourceText[]): Spec;
}

/**
 * Reads everything that was named: files as they are, kustomizations and charts as their programs render them.
 *
 * @throws AirgapError `INPUT` for a file that cannot be read, `USAGE` for an image path; what a file says is no reason
 */
export async function readSpec(options: SpecOptions): Promise<Spec> {
  return (await openReading(options)).spec;
}

/** The same, for whoever changes the texts. @throws AirgapError `INPUT`, `USAGE` */
export async function openReading({ specs, imagePaths = {}, signal }: SpecOptions): Promise<Reading> {
  const paths = ImagePath.all(imagePaths);
  const parser = new SpecParser(paths);
  const input = await findInput(specs);
  const files = new DistinctFiles();
  const kustomizations = await files.keep(input.kustomizations, ({ path }) => path);
  const kustomized = await renderKustomizations(kustomizations, signal);
  const patches = await readFiles(kustomized.files);
  const texts = await files.keep([...input.texts, ...patches.texts], ({ file }) => file);
  for (const source of [...texts, ...kustomized.sources]) parser.read(source);
  const found = await files.keep(input.charts, ({ path }) => path);
  const charts = await renderCharts(found, parser.helmCharts, signal);
  const templates = await readFiles(charts.files);
  for (const source of [...(await files.keep(templates.texts, ({ file }) => file)), ...charts.sources])
    parser.read(source);
  const whole = (spec: Spec): Spec => ({
    ...spec,
    parseErrors: [...input.unread, ...patches.unread, ...templates.unread, ...spec.parseErrors],
    renderErrors: [...kustomized.errors, ...charts.errors],
  });
  return { spec: whole(parser.spec()), reread: sources => whole(parseSpec(sources, paths)) };
}
