import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import pLimit from 'p-limit';
import { visit } from 'yaml';
import { AirgapError, isInterrupted } from '../../model/errors.ts';
import type { RenderInput } from '../find/find-input.ts';
import { KUSTOMIZATIONS } from '../find/folder-walk.ts';
import { readSource, type SourceText } from '../model/source-text.ts';
import { SpecDocument } from '../yaml/document.ts';
import { notRendered, RENDERERS, type Rendered } from './rendered.ts';
import { Renderer } from './renderer.ts';

/** The keys of a kustomization that reference other kustomizations. */
const REFERENCES = ['resources', 'bases', 'components'];
/** The keys that may reference files on the network, beside those of `path:`. */
const FILE_LISTS = [
  ...REFERENCES,
  ...['crds', 'configurations', 'generators', 'transformers', 'validators', 'patchesStrategicMerge'],
];
const PATH_LISTS = ['patches', 'patchesJson6902', 'replacements'];
/** A kustomization that references more others is rendered without a look into the rest. */
const MAX_REFERENCED = 10_000;
const MISSING = new AirgapError('INPUT', 'neither kustomize nor kubectl is on PATH', {
  hint: 'Install one of them, or pass the output of "kubectl kustomize".',
});

/** What a kustomization names. */
interface Kustomization {
  /** Real or not: every path that one of its values may mean. */
  readonly paths: ReadonlySet<string>;
  /** Folders of other kustomizations. */
  readonly references: readonly string[];
  /** The resources on the network, as written. */
  readonly remote: readonly string[];
}

/**
 * Renders the kustomizations that no other kustomization of the input references. Makes no request: a kustomization
 * with resources on the network is not rendered. Returns also the files that no rendered kustomization names.
 */
export async function renderKustomizations(
  inputs: readonly RenderInput[],
  signal?: AbortSignal,
): Promise<Rendered> {
  const read = new Map<string, Kustomization>();
  for (const input of inputs) read.set(resolve(input.path), await readKustomization(input));
  const referenced = new Set([...read.values()].flatMap(({ references }) => references));
  const roots = inputs.filter(({ path }) => !referenced.has(resolve(path)));
  await readReferenced(read);
  const kustomize = new Kustomize(read, signal);
  const limit = pLimit(RENDERERS);
  const results = await Promise.all(roots.map(root => limit(() => kustomize.render(root))));
  const errors = results.filter(result => result instanceof AirgapError);
  const sources = results.flatMap(result => (result instanceof AirgapError ? [] : [result]));
  return { sources, errors, notes: [], files: kustomize.filesToRead(inputs) };
}

/** Runs kustomize, or kubectl if it is missing. */
class Kustomize {
  readonly #read: ReadonlyMap<string, Kustomization>;
  readonly #signal: AbortSignal | undefined;
  readonly #kustomize = new Renderer('kustomize');
  readonly #kubectl = new Renderer('kubectl');
  readonly #rendered = new Set<string>();

  constructor(read: ReadonlyMap<string, Kustomization>, signal: AbortSignal | undefined) {
    this.#read = read;
    this.#signal = signal;
  }

  async render(root: RenderInput): Promise<SourceText | AirgapError> {
    const folder = resolve(root.path);
    const reached = this.#reachable(folder);
    try {
      this.#requireLocal(reached);
      const text = await this.#build(folder);
      for (const path of reached) this.#rendered.add(path);
      return { file: root.file, text, rendered: true };
    } catch (error) {
      if (!(error instanceof AirgapError) || isInterrupted(error)) throw error;
      return notRendered('kustomization', root, error);
    }
  }

  /** Returns the files of what was not rendered, and those that nothing rendered names. */
  filesToRead(inputs: readonly RenderInput[]): string[] {
    const named = new Set([...this.#rendered].flatMap(path => [...(this.#read.get(path)?.paths ?? [])]));
    return inputs.flatMap(({ path, files }) =>
      this.#rendered.has(resolve(path)) ? files.filter(file => !named.has(resolve(file))) : files,
    );
  }

  async #build(folder: string): Promise<string> {
    const options = { signal: this.#signal };
    const text =
      (await this.#kustomize.run(['build', folder], options)) ??
      (await this.#kubectl.run(['kustomize', folder], options));
    if (text === undefined) throw MISSING;
    return text;
  }

  /** @throws AirgapError `INPUT` if any of the kustomizations has a resource on the network */
  #requireLocal(folders: Iterable<string>): void {
    const remote = [...folders].flatMap(folder => this.#read.get(folder)?.remote ?? []);
    if (remote.length === 0) return;
    throw new AirgapError('INPUT', `resources on the network are not fetched: ${remote.join(', ')}`, {
      hint: 'Pass the output of "kustomize build", or copy the resources into the folder.',
    });
  }

  /** Returns a kustomization and everything it references, directly or not. */
  #reachable(folder: string): Set<string> {
    const reached = new Set([folder]);
    for (const path of reached) for (const next of this.#read.get(path)?.references ?? []) reached.add(next);
    return reached;
  }
}

/** Reads the kustomizations that others reference and that are not in the input: kustomize would render them as well. */
async function readReferenced(read: Map<string, Kustomization>): Promise<void> {
  // The map grows during the iteration.
  for (const { references } of read.values())
    for (const path of references) {
      if (read.has(path) || read.size > MAX_REFERENCED) continue;
      for (const name of KUSTOMIZATIONS) {
        const file = join(path, name);
        if (await exists(file)) read.set(path, await readKustomization({ path, file, files: [] }));
      }
    }
}

/** Returns what a kustomization names; nothing if it cannot be read, because rendering reports that. */
async function readKustomization({ path, file }: RenderInput): Promise<Kustomization> {
  const source = await readSource(file).catch(() => undefined);
  const parsed = source ? [...SpecDocument.parse(source)] : [];
  const documents = parsed.filter(document => document instanceof SpecDocument);
  const referencesOf = (document: SpecDocument) =>
    REFERENCES.flatMap(key => document.items(document.root, key)).flatMap(
      item => document.text(item)?.value ?? [],
    );
  const remote = new Set<string>();
  for (const name of documents.flatMap(fileNamesOf))
    if (isUrl(name) || (looksRemote(name) && !(await exists(join(path, name))))) remote.add(name);
  return {
    paths: new Set(documents.flatMap(scalarsOf).map(name => resolve(join(path, name)))),
    references: documents.flatMap(referencesOf).map(name => resolve(join(path, name))),
    remote: [...remote],
  };
}

/** Returns every value of a document, and of `key=value` the value: some of them are names of files. */
function scalarsOf({ root }: SpecDocument): string[] {
  const values: string[] = [];
  visit(root, {
    Scalar: (_key, { value }) => {
      const text = String(value);
      values.push(text, text.slice(text.indexOf('=') + 1));
    },
  });
  return values;
}

/** Returns the values that kustomize reads as a file, a folder or a URL. */
function fileNamesOf(document: SpecDocument): string[] {
  const { root } = document;
  const items = FILE_LISTS.flatMap(key => document.items(root, key));
  const paths = PATH_LISTS.flatMap(key => document.items(root, key)).flatMap(item =>
    document.all(item, 'path'),
  );
  return [...items, ...paths, ...document.all(root, 'openapi', 'path')].flatMap(node => {
    const name = document.text(node)?.value ?? '';
    // A value with several lines is an inline patch.
    return name === '' || name.includes('\n') ? [] : [name];
  });
}

function isUrl(name: string): boolean {
  return /^(?:[a-z][a-z0-9+.-]*:\/\/|git@|git::)/i.test(name);
}

/** Returns whether kustomize may read a name that does not exist as a Git repository, as in github.com/team/app. */
function looksRemote(name: string): boolean {
  return name.includes('?ref=') || name.includes('//') || /^[\w-]+(?:\.[\w-]+)+\/[^/]+\/[^/]/.test(name);
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
