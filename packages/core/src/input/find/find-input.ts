import { stat } from 'node:fs/promises';
import { basename, dirname, relative } from 'node:path';
import pLimit from 'p-limit';
import { AirgapError } from '../../model/errors.ts';
import { inputReadError, readAscii, readSource, type SourceText } from '../model/source-text.ts';
import type { InputNote } from '../model/spec.ts';
import { ARCHIVE, CHART, FolderWalk, isJsonFile, KUSTOMIZATIONS, leftOut } from './folder-walk.ts';

/** A chart or kustomization that must be rendered by a program. */
export interface RenderInput {
  /** A chart's folder or archive, or a kustomization's folder. */
  readonly path: string;
  /** The file that identifies it: `Chart.yaml`, `kustomization.yaml`, or the archive. */
  readonly file: string;
  /** The manifests in it, read as plain YAML if it cannot be rendered. */
  readonly files: string[];
  /** Links in a chart that lead out of the folder of the input. */
  readonly outsideLinks?: readonly string[];
  /** The other YAML and JSON files in the folder of a chart. */
  readonly notRendered?: readonly string[];
}

/** The input by type, each in the order of the arguments. */
export interface Input {
  readonly texts: SourceText[];
  readonly charts: RenderInput[];
  readonly kustomizations: RenderInput[];
  /** Errors of files in folders that cannot be read, each `INPUT` with its position. */
  readonly readErrors: AirgapError[];
  /** What was left out of directories. */
  readonly notes: InputNote[];
}

/** Number of files read concurrently. */
const READERS = 16;
/** In bytes. Kubernetes takes no object that is larger. */
const MAX_MANIFEST = 4e6;

/**
 * Finds the input in files and in directories at any depth; texts are returned as they are.
 *
 * @throws AirgapError `INPUT` for a file that cannot be read, and for a directory without manifests
 */
export async function findInput(specs: readonly (string | SourceText)[]): Promise<Input> {
  const input: Input = { texts: [], charts: [], kustomizations: [], readErrors: [], notes: [] };
  for (const spec of specs) {
    if (typeof spec === 'string') await addPath(input, spec);
    else input.texts.push(spec);
  }
  return input;
}

/** Reads the files of a folder; returns the errors of those that cannot be read. */
export async function readFiles(files: readonly string[]): Promise<Pick<Input, 'texts' | 'readErrors'>> {
  const limit = pLimit(READERS);
  const results = await Promise.all(files.map(file => limit(() => readOrError(file))));
  return {
    texts: results.flatMap(result => (result instanceof AirgapError ? [] : (result ?? []))),
    readErrors: results.filter(result => result instanceof AirgapError),
  };
}

/** Returns undefined for a JSON file that is not a manifest. */
async function readOrError(file: string): Promise<SourceText | AirgapError | undefined> {
  try {
    const source = await readSource(file);
    return isJsonFile(file) && !isJsonManifest(source) ? undefined : source;
  } catch (error) {
    if (!(error instanceof AirgapError)) throw error;
    if (isJsonFile(file) && (await isOtherJson(file, error))) return undefined;
    return error.withContext({ position: { file, line: 1, column: 1 } });
  }
}

/**
 * Returns the folder of a path to a folder, a `Chart.yaml` or a kustomization file; undefined for other files.
 *
 * @throws AirgapError `INPUT`
 */
export async function folderOf(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(cause => {
    throw inputReadError(path, cause);
  });
  if (found.isDirectory()) return path;
  const name = basename(path);
  return name === CHART || KUSTOMIZATIONS.includes(name) ? dirname(path) : undefined;
}

async function addPath(input: Input, path: string): Promise<void> {
  const folder = await folderOf(path);
  if (folder !== undefined) await addFolder(input, folder);
  else if (ARCHIVE.test(path)) input.charts.push({ path, file: path, files: [] });
  else input.texts.push(await readSource(path));
}

async function addFolder(input: Input, folder: string): Promise<void> {
  const before = sizeOf(input);
  const walk = await FolderWalk.of(folder);
  const { texts, readErrors } = await readFiles(walk.files);
  const besideCharts = await Promise.all(walk.charts.map(noteNotRendered));
  for (const text of texts) input.texts.push(text);
  for (const chart of walk.charts) input.charts.push(chart);
  for (const kustomization of walk.kustomizations) input.kustomizations.push(kustomization);
  for (const error of readErrors) input.readErrors.push(error);
  for (const note of [...walk.notes, ...besideCharts.flat()]) input.notes.push(note);
  if (sizeOf(input) > before) return;
  throw new AirgapError('INPUT', 'no YAML files or JSON manifests in the directory', {
    where: { path: folder },
    hint: 'Pass the directory of the input files, or the files themselves.',
  });
}

/** Returns a note for the manifests in the folder of a chart that helm does not render. */
async function noteNotRendered({ path, notRendered = [] }: RenderInput): Promise<InputNote[]> {
  const { texts } = await readFiles(notRendered);
  const manifests = texts.filter(source => isManifestText(source) || isKustomization(source));
  return leftOut(
    manifests.map(({ file }) => ({ name: relative(path, file), path: file })),
    'manifests in the folder of a chart that helm does not render are not read',
    'Pass them by name to read them.',
  );
}

function isManifestText(source: SourceText): boolean {
  if (isJsonFile(source.file)) return isJsonManifest(source);
  return /^apiVersion:/m.test(source.text) && /^kind:/m.test(source.text);
}

function isKustomization({ file }: SourceText): boolean {
  return KUSTOMIZATIONS.includes(basename(file));
}

function isJsonManifest({ text }: Pick<SourceText, 'text'>): boolean {
  return text.includes('"apiVersion"') && text.includes('"kind"');
}

/** Returns whether a JSON file that cannot be read as text is large data, or no manifest in any encoding. */
async function isOtherJson(file: string, { cause }: AirgapError): Promise<boolean> {
  if (cause === undefined) return true;
  const text = await readAscii(file, MAX_MANIFEST).catch(() => undefined);
  return text !== undefined && !isJsonManifest({ text });
}

function sizeOf({ texts, charts, kustomizations, readErrors }: Input): number {
  return texts.length + charts.length + kustomizations.length + readErrors.length;
}
