import { join, resolve } from 'node:path';
import { AirgapError } from '../../model/errors.ts';
import type { RenderInput } from '../find/find-input.ts';
import { readSource, type SourceText } from '../model/source-text.ts';
import { SpecDocument } from '../yaml/document.ts';
import { runProgram } from './program.ts';
import { notRendered, type Rendered } from './rendered.ts';

/** The keys of a kustomization that reference other kustomizations. */
const REFERENCES = ['resources', 'bases', 'components'];
const MISSING = new AirgapError('INPUT', 'neither kustomize nor kubectl is on PATH', {
  hint: 'Install one of them, or pass the output of "kubectl kustomize".',
});

/** Renders the kustomizations that no other kustomization of the input references. */
export async function renderKustomizations(
  kustomizations: readonly RenderInput[],
  signal?: AbortSignal,
): Promise<Rendered> {
  const references = new Map<string, readonly string[]>();
  for (const kustomization of kustomizations)
    references.set(resolve(kustomization.path), await referencesOf(kustomization));
  const referenced = new Set([...references.values()].flat());
  const rendered = new Set<string>();
  const sources: SourceText[] = [];
  const errors: AirgapError[] = [];
  for (const root of kustomizations.filter(({ path }) => !referenced.has(resolve(path)))) {
    const folder = resolve(root.path);
    try {
      sources.push({ file: root.file, text: await render(folder, signal), rendered: true });
      addReachable(folder, references, rendered);
    } catch (error) {
      if (!(error instanceof AirgapError)) throw error;
      errors.push(notRendered('kustomization', root, error));
    }
  }
  const failed = kustomizations.filter(({ path }) => !rendered.has(resolve(path)));
  return { sources, errors, files: failed.flatMap(({ files }) => files) };
}

async function render(folder: string, signal?: AbortSignal): Promise<string> {
  const text =
    (await runProgram('kustomize', ['build', folder], { signal })) ??
    (await runProgram('kubectl', ['kustomize', folder], { signal }));
  if (text === undefined) throw MISSING;
  return text;
}

/** Returns the folders that a kustomization references; none if it cannot be read, because rendering reports that. */
async function referencesOf({ path, file }: RenderInput): Promise<string[]> {
  const source = await readSource(file).catch(() => undefined);
  const documents = source ? [...SpecDocument.parse(source)] : [];
  return documents.flatMap(document => {
    if (document instanceof AirgapError) return [];
    const lists = REFERENCES.flatMap(key => document.items(document.root, key));
    return lists.flatMap(item => document.text(item)?.value ?? []).map(name => resolve(join(path, name)));
  });
}

/** Adds a kustomization and everything it references, directly or not. */
function addReachable(
  path: string,
  references: ReadonlyMap<string, readonly string[]>,
  reached: Set<string>,
): void {
  if (reached.has(path)) return;
  reached.add(path);
  for (const next of references.get(path) ?? []) addReachable(next, references, reached);
}
