import { DistinctFiles } from './find/distinct-files.ts';
import { findInput, readFiles } from './find/find-input.ts';
import { ImagePath, type ImagePaths } from './formats/image-path.ts';
import type { SourceText } from './model/source-text.ts';
import type { Spec } from './model/spec.ts';
import { renderCharts } from './render/helm.ts';
import { renderKustomizations } from './render/kustomize.ts';
import { type SelectionOptions, select } from './selection.ts';
import { parseSpec, SpecParser } from './spec-parser.ts';

/** What to read. */
export interface SpecOptions extends SelectionOptions {
  /** Files, directories, charts, kustomizations, or texts. */
  readonly specs: readonly (string | SourceText)[];
  /** Image paths of custom resources. */
  readonly imagePaths?: ImagePaths | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The input as read, and a way to parse changed texts without rendering again. */
export interface Reading {
  readonly spec: Spec;
  reread(sources: readonly SourceText[]): Spec;
}

/**
 * Reads all input: files as they are, kustomizations and charts as rendered by kustomize and helm.
 *
 * @throws AirgapError `INPUT` for a file that cannot be read, `USAGE` for an invalid image path; invalid content is
 * returned in `parseErrors`
 */
export async function readSpec(options: SpecOptions): Promise<Spec> {
  return (await openReading(options)).spec;
}

/** Reads all input like `readSpec`, for callers that change the texts. @throws AirgapError `INPUT`, `USAGE` */
export async function openReading(options: SpecOptions): Promise<Reading> {
  const { specs, imagePaths = {}, signal } = options;
  const paths = ImagePath.all(imagePaths);
  const parser = new SpecParser(paths);
  const input = await findInput(specs);
  const files = new DistinctFiles();
  const kustomizations = await files.distinct(input.kustomizations, ({ path }) => path);
  const kustomized = await renderKustomizations(kustomizations, signal);
  const patches = await readFiles(kustomized.files);
  const texts = await files.distinct([...input.texts, ...patches.texts], ({ file }) => file);
  for (const source of [...texts, ...kustomized.sources]) parser.read(source);
  const found = await files.distinct(input.charts, ({ path }) => path);
  const charts = await renderCharts(found, parser.helmCharts, signal);
  const templates = await readFiles(charts.files);
  for (const source of [...(await files.distinct(templates.texts, ({ file }) => file)), ...charts.sources])
    parser.read(source);
  const complete = (spec: Spec): Spec => ({
    ...select(spec, options),
    parseErrors: [...input.readErrors, ...patches.readErrors, ...templates.readErrors, ...spec.parseErrors],
    renderErrors: [...kustomized.errors, ...charts.errors],
  });
  return { spec: complete(parser.spec()), reread: sources => complete(parseSpec(sources, paths)) };
}
