import type { Dirent } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import pLimit from 'p-limit';
import { AirgapError } from '../../model/errors.ts';
import { inputReadError, readSource, type SourceText } from '../model/source-text.ts';
import { entriesOf, isFolder } from './directory.ts';

/** A chart or kustomization that must be rendered by a program. */
export interface RenderInput {
  /** A chart's folder or archive, or a kustomization's folder. */
  readonly path: string;
  /** The file that identifies it: `Chart.yaml`, `kustomization.yaml`, or the archive. */
  readonly file: string;
  /** The YAML files in it, read as plain YAML if it cannot be rendered. */
  readonly files: string[];
}

/** The input by type, each in the order of the arguments. */
export interface Input {
  readonly texts: SourceText[];
  readonly charts: RenderInput[];
  readonly kustomizations: RenderInput[];
  /** Errors of files in folders that cannot be read, each `INPUT` with its position. */
  readonly readErrors: AirgapError[];
}

/** Number of files read concurrently. */
const READERS = 16;
const YAML = /\.ya?ml$/i;
const ARCHIVE = /\.(?:tgz|tar\.gz)$/i;
const CHART = 'Chart.yaml';
const MANIFEST_FOLDERS = new Set(['templates', 'crds']);
const KUSTOMIZATIONS = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

/**
 * Finds the input in files and in directories at any depth; texts are returned as they are.
 *
 * @throws AirgapError `INPUT` for a file that cannot be read, and for a directory without YAML files
 */
export async function findInput(specs: readonly (string | SourceText)[]): Promise<Input> {
  const input: Input = { texts: [], charts: [], kustomizations: [], readErrors: [] };
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
    texts: results.flatMap(result => (result instanceof AirgapError ? [] : [result])),
    readErrors: results.filter(result => result instanceof AirgapError),
  };
}

async function readOrError(file: string): Promise<SourceText | AirgapError> {
  try {
    return await readSource(file);
  } catch (error) {
    if (!(error instanceof AirgapError)) throw error;
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
  const files: string[] = [];
  await walk(input, folder, files);
  const { texts, readErrors } = await readFiles(files);
  for (const text of texts) input.texts.push(text);
  for (const error of readErrors) input.readErrors.push(error);
  if (sizeOf(input) > before) return;
  throw new AirgapError('INPUT', 'no YAML files in the directory', {
    where: { path: folder },
    hint: 'Pass the directory of the input files, or the files themselves.',
  });
}

/** Walks a folder. Plain YAML goes to `files`, except the files of a kustomization, which belong to it. */
async function walk(input: Input, folder: string, files: string[]): Promise<void> {
  const entries = await visibleEntriesOf(folder);
  const names = new Set(entries.map(({ name }) => name));
  if (names.has(CHART)) {
    input.charts.push({ path: folder, file: join(folder, CHART), files: await manifestsOf(folder) });
    return;
  }
  const kustomization = KUSTOMIZATIONS.find(name => names.has(name));
  const yaml = kustomization === undefined ? files : [];
  if (kustomization !== undefined)
    input.kustomizations.push({ path: folder, file: join(folder, kustomization), files: yaml });
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (await isFolder(path, entry)) await walk(input, path, yaml);
    else if (ARCHIVE.test(entry.name)) input.charts.push({ path, file: path, files: [] });
    else if (YAML.test(entry.name) && entry.name !== kustomization && !entry.isFIFO()) yaml.push(path);
  }
}

/** Returns the templates and CRDs of a chart and of its subcharts, without values and metadata. */
async function manifestsOf(chart: string, inside = false): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await visibleEntriesOf(chart)) {
    const path = join(chart, entry.name);
    if (await isFolder(path, entry))
      files.push(...(await manifestsOf(path, inside || MANIFEST_FOLDERS.has(entry.name))));
    else if (inside && YAML.test(entry.name)) files.push(path);
  }
  return files;
}

/** Returns the entries of a folder that are not hidden. */
async function visibleEntriesOf(folder: string): Promise<Dirent[]> {
  return (await entriesOf(folder)).filter(({ name }) => !name.startsWith('.'));
}

function sizeOf({ texts, charts, kustomizations, readErrors }: Input): number {
  return texts.length + charts.length + kustomizations.length + readErrors.length;
}
