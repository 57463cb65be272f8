import type { Dirent } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import pLimit from 'p-limit';
import { AirgapError } from '../../model/errors.ts';
import { readSource, type SourceText, unreadableSpec } from '../model/source-text.ts';
import { entriesOf, isFolder } from './directory.ts';

/** Something that a program has to render before it can be read. */
export interface RenderInput {
  /** A chart's folder or archive, or a kustomization's folder. */
  readonly path: string;
  /** The file that says what it is: `Chart.yaml`, `kustomization.yaml`, or the archive. */
  readonly file: string;
  /** The YAML files in it, to be read as they are when it cannot be rendered. */
  readonly files: string[];
}

/** What was named as specs, sorted by what has to be done with it, each in the order of the names. */
export interface Input {
  readonly texts: SourceText[];
  readonly charts: RenderInput[];
  readonly kustomizations: RenderInput[];
  /** Files of folders that cannot be read, each `INPUT` with its position. */
  readonly unread: AirgapError[];
}

/** Files that are read at once. */
const READERS = 16;
const YAML = /\.ya?ml$/i;
const ARCHIVE = /\.(?:tgz|tar\.gz)$/i;
const CHART = 'Chart.yaml';
const MANIFEST_FOLDERS = new Set(['templates', 'crds']);
const KUSTOMIZATIONS = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

/**
 * Looks through files, and directories at any depth; texts pass through.
 *
 * @throws AirgapError `INPUT` for a file that cannot be read, and for a directory without specs
 */
export async function findInput(specs: readonly (string | SourceText)[]): Promise<Input> {
  const input: Input = { texts: [], charts: [], kustomizations: [], unread: [] };
  for (const spec of specs) {
    if (typeof spec === 'string') await addPath(input, spec);
    else input.texts.push(spec);
  }
  return input;
}

/** Reads files that nobody named one by one: one that cannot be read is no reason to stop. */
export async function readFiles(files: readonly string[]): Promise<Pick<Input, 'texts' | 'unread'>> {
  const limit = pLimit(READERS);
  const read = await Promise.all(files.map(file => limit(() => readOrTell(file))));
  return {
    texts: read.flatMap(one => (one instanceof AirgapError ? [] : [one])),
    unread: read.filter(one => one instanceof AirgapError),
  };
}

async function readOrTell(file: string): Promise<SourceText | AirgapError> {
  try {
    return await readSource(file);
  } catch (error) {
    if (!(error instanceof AirgapError)) throw error;
    return error.withContext({ position: { file, line: 1, column: 1 } });
  }
}

/** The folder that a path stands for: itself, or the chart or kustomization that it is the head of. @throws AirgapError `INPUT` */
export async function folderOf(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(cause => {
    throw unreadableSpec(path, cause);
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
  const { texts, unread } = await readFiles(files);
  for (const text of texts) input.texts.push(text);
  for (const error of unread) input.unread.push(error);
  if (sizeOf(input) > before) return;
  throw new AirgapError('INPUT', 'the directory holds no YAML', {
    where: { path: folder },
    hint: 'Name the directory of the specs, or the files themselves.',
  });
}

/** Sorts what is below a folder; plain YAML goes to `files`, which a kustomization keeps for itself. */
async function walk(input: Input, folder: string, files: string[]): Promise<void> {
  const entries = await specEntriesOf(folder);
  const names = new Set(entries.map(({ name }) => name));
  if (names.has(CHART)) {
    input.charts.push({ path: folder, file: join(folder, CHART), files: await manifestsOf(folder) });
    return;
  }
  const kustomization = KUSTOMIZATIONS.find(name => names.has(name));
  const own = kustomization === undefined ? files : [];
  if (kustomization !== undefined)
    input.kustomizations.push({ path: folder, file: join(folder, kustomization), files: own });
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (await isFolder(path, entry)) await walk(input, path, own);
    else if (ARCHIVE.test(entry.name)) input.charts.push({ path, file: path, files: [] });
    else if (YAML.test(entry.name) && entry.name !== kustomization && !entry.isFIFO()) own.push(path);
  }
}

/** The manifests of a chart and of the charts in it; its values and its metadata are none. */
async function manifestsOf(chart: string, inside = false): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await specEntriesOf(chart)) {
    const path = join(chart, entry.name);
    if (await isFolder(path, entry))
      files.push(...(await manifestsOf(path, inside || MANIFEST_FOLDERS.has(entry.name))));
    else if (inside && YAML.test(entry.name)) files.push(path);
  }
  return files;
}

/** Hidden files are no specs. */
async function specEntriesOf(folder: string): Promise<Dirent[]> {
  return (await entriesOf(folder)).filter(({ name }) => !name.startsWith('.'));
}

function sizeOf({ texts, charts, kustomizations, unread }: Input): number {
  return texts.length + charts.length + kustomizations.length + unread.length;
}
