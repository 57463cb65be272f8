import type { Dirent } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { InputNote } from '../model/spec.ts';
import { type EntryType, entriesOf, entryType, realpathOf } from './directory.ts';
import type { RenderInput } from './find-input.ts';

const YAML = /\.ya?ml$/i;
const JSON_FILE = /\.json$/i;
/** An archive of a chart. */
export const ARCHIVE = /\.(?:tgz|tar\.gz)$/i;
export const CHART = 'Chart.yaml';
export const KUSTOMIZATIONS = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];
const MANIFEST_FOLDERS = new Set(['templates', 'crds']);
/** What helm renders of the folder of a chart: its templates and CRDs, and those of its subcharts. */
const RENDERED = /^(?:charts\/[^/]+\/)*(?:templates|crds)\//;
/** Number of names in a note. */
const MAX_NAMES = 5;

/** The files, charts and kustomizations below a folder. Links are followed only inside the folder. */
export class FolderWalk {
  /** YAML and JSON files outside charts and kustomizations. */
  readonly files: string[] = [];
  readonly charts: RenderInput[] = [];
  readonly kustomizations: RenderInput[] = [];
  /** What was left out, at most one note of each kind for each folder. */
  readonly notes: InputNote[] = [];
  readonly #outsideLinks: string[] = [];
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
  }

  /** @throws AirgapError `INPUT` */
  static async of(folder: string): Promise<FolderWalk> {
    const walk = new FolderWalk(await realpathOf(folder));
    await walk.#walk(folder, walk.files);
    return walk;
  }

  /** Files go to `files`, except those of a kustomization, which belong to it. */
  async #walk(folder: string, files: string[]): Promise<void> {
    const entries = await this.#entriesOf(folder);
    const names = new Set(entries.filter(({ type }) => type === 'file').map(({ name }) => name));
    if (names.has(CHART)) {
      const known = this.#outsideLinks.length;
      const beside: string[] = [];
      const manifests = await this.#manifestsOf(folder, beside);
      const outsideLinks = this.#outsideLinks.slice(known);
      const notRendered = beside.filter(file => !isRendered(relative(folder, file)));
      this.charts.push({
        ...{ path: folder, file: join(folder, CHART), files: manifests },
        ...{ outsideLinks, notRendered },
      });
      return;
    }
    const kustomization = KUSTOMIZATIONS.find(name => names.has(name));
    const inside = kustomization === undefined ? files : [];
    if (kustomization !== undefined)
      this.kustomizations.push({ path: folder, file: join(folder, kustomization), files: inside });
    for (const { name, path, type } of entries) {
      if (type === 'folder') await this.#walk(path, inside);
      else if (ARCHIVE.test(name)) this.charts.push({ path, file: path, files: [] });
      else if (isManifest(name) && name !== kustomization) inside.push(path);
    }
  }

  /**
   * Returns the templates and CRDs of a chart and of its subcharts, without values and metadata.
   *
   * @param all gets every YAML and JSON file
   */
  async #manifestsOf(chart: string, all: string[], inside = false): Promise<string[]> {
    const files: string[] = [];
    for (const { name, path, type } of await this.#entriesOf(chart)) {
      if (type === 'folder')
        files.push(...(await this.#manifestsOf(path, all, inside || MANIFEST_FOLDERS.has(name))));
      else if (isManifest(name) || KUSTOMIZATIONS.includes(name)) {
        all.push(path);
        if (inside && YAML.test(name)) files.push(path);
      }
    }
    return files;
  }

  /** Returns the folders and files in a folder; notes the others. */
  async #entriesOf(folder: string): Promise<{ name: string; path: string; type: EntryType }[]> {
    const entries = (await entriesOf(folder)).map(async (entry: Dirent) => {
      const path = join(folder, entry.name);
      return { name: entry.name, path, type: await entryType(path, entry, this.#root) };
    });
    const all = await Promise.all(entries);
    const hidden = all.filter(({ name, type }) => name.startsWith('.') && type === 'file' && YAML.test(name));
    const hiddenFolders = all.filter(({ name, type }) => name.startsWith('.') && type === 'folder');
    const shown = all.filter(({ name }) => !name.startsWith('.'));
    this.#note(hidden, 'hidden YAML files are not read', 'Pass a hidden file by name to read it.');
    this.#note(hiddenFolders, 'hidden folders are not read', 'Pass a hidden folder by name to read it.');
    const outside = shown.filter(({ type }) => type === 'outside');
    this.#outsideLinks.push(...outside.map(({ path }) => path));
    this.#note(
      outside,
      'links that lead out of the folder are not followed',
      'Pass the target of the link as input to read it.',
    );
    this.#note(
      shown.filter(({ name, type }) => type === 'other' && isManifest(name)),
      'not regular files, so not read',
      'Replace them with regular files.',
    );
    return shown.filter(({ type }) => type === 'folder' || type === 'file');
  }

  #note(entries: readonly { name: string; path: string }[], message: string, hint: string): void {
    this.notes.push(...leftOut(entries, message, hint));
  }
}

/** Makes one note for files that are not read; none if there are none. */
export function leftOut(
  entries: readonly { readonly name: string; readonly path: string }[],
  message: string,
  hint: string,
): InputNote[] {
  const [first] = entries;
  if (!first) return [];
  const names = entries.slice(0, MAX_NAMES).map(({ name }) => name);
  const more = entries.length > MAX_NAMES ? ` and ${entries.length - MAX_NAMES} more` : '';
  const position = { file: first.path, line: 1, column: 1 };
  return [{ message: `${message}: ${names.join(', ')}${more}`, hint, position }];
}

/** @param path below the folder of a chart */
function isRendered(path: string): boolean {
  return RENDERED.test(path.split(sep).join('/'));
}

function isManifest(name: string): boolean {
  return YAML.test(name) || JSON_FILE.test(name);
}

/** Returns whether a file must be a Kubernetes manifest to be read: a folder has other JSON files, too. */
export function isJsonFile(file: string): boolean {
  return JSON_FILE.test(file);
}
