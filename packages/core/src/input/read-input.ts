import { type ComposeOptions, composeInput } from './compose-files.ts';
import { DistinctFiles } from './find/distinct-files.ts';
import { findInput, readFiles } from './find/find-input.ts';
import { ImagePath, type ImagePaths } from './formats/image-path.ts';
import type { SourceText } from './model/source-text.ts';
import type { Spec } from './model/spec.ts';
import { type HelmOptions, renderCharts } from './render/helm.ts';
import { renderKustomizations } from './render/kustomize.ts';
import { type SelectionOptions, select } from './selection.ts';
import { parseSpec, SpecParser } from './spec-parser.ts';

/** What to read. */
export interface SpecOptions extends SelectionOptions {
  /** Files, directories, charts, kustomizations, or texts. */
  readonly specs: readonly (string | SourceText)[];
  /** Image paths of custom resources. */
  readonly imagePaths?: ImagePaths | undefined;
  /** Variables for compose files. */
  readonly compose?: ComposeOptions | undefined;
  /** How charts are rendered. */
  readonly helm?: HelmOptions | undefined;
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
  const input = await findInput(specs);
  const files = new DistinctFiles();
  const kustomizations = await files.distinct(input.kustomizations, ({ path }) => path);
  const kustomized = await renderKustomizations(kustomizations, signal);
  const plain = await readFiles(kustomized.files);
  const found = await files.distinct([...input.texts, ...plain.texts], ({ file }) => file);
  const compose = await composeInput(specs, found, options.compose);
  const texts = [...found, ...(await files.distinct(compose.texts, ({ file }) => file))];
  const parser = new SpecParser(paths, compose.files);
  for (const source of [...texts, ...kustomized.sources]) parser.read(source);
  const chartInputs = await files.distinct(input.charts, ({ path }) => path);
  const charts = await renderCharts(chartInputs, parser.helmCharts, options.helm, signal);
  const templates = await readFiles(charts.files);
  const raw = await files.distinct(templates.texts, ({ file }) => file);
  for (const source of raw) parser.read({ ...source, raw: true });
  for (const source of charts.sources) parser.read(source);
  const complete = (spec: Spec): Spec => ({
    ...select(spec, options),
    parseErrors: [...input.readErrors, ...plain.readErrors, ...templates.readErrors, ...spec.parseErrors],
    renderErrors: [...kustomized.errors, ...compose.errors, ...charts.errors],
    notes: [...input.notes, ...charts.notes, ...spec.notes],
  });
  return {
    spec: complete(parser.spec()),
    reread: sources => complete(parseSpec(sources, paths, compose.files)),
  };
}
