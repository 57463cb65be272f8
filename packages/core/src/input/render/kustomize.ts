import { join, resolve } from 'node:path';
import { AirgapError } from '../../model/errors.ts';
import type { RenderInput } from '../find/find-input.ts';
import { readSource, type SourceText } from '../model/source-text.ts';
import { SpecDocument } from '../yaml/document.ts';
import { runProgram } from './program.ts';
import { notRendered, type Rendered } from './rendered.ts';

/** The keys of a kustomization that name others. */
const REFERENCES = ['resources', 'bases', 'components'];
const MISSING = new AirgapError('INPUT', 'neither kustomize nor kubectl is on PATH', {
  hint: 'Install one of them, or give what "kubectl kustomize" prints.',
});

/** Renders the kustomizations that no other one here builds on. */
export async function renderKustomizations(
  kustomizations: readonly RenderInput[],
  signal?: AbortSignal,
): Promise<Rendered> {
  const references = new Map<string, readonly string[]>();
  for (const one of kustomizations) references.set(resolve(one.path), await referencesOf(one));
  const referred = new Set([...references.values()].flat());
  const rendered = new Set<string>();
  const sources: SourceText[] = [];
  const errors: AirgapError[] = [];
  for (const one of kustomizations.filter(({ path }) => !referred.has(resolve(path)))) {
    const folder = resolve(one.path);
    try {
      sources.push({ file: one.file, text: await render(folder, signal), rendered: true });
      reach(folder, references, rendered);
    } catch (error) {
      if (!(error instanceof AirgapError)) throw error;
      errors.push(notRendered('kustomization', one, error));
    }
  }
  const left = kustomizations.filter(({ path }) => !rendered.has(resolve(path)));
  return { sources, errors, files: left.flatMap(({ files }) => files) };
}

async function render(folder: string, signal?: AbortSignal): Promise<string> {
  const text =
    (await runProgram('kustomize', ['build', folder], { signal })) ??
    (await runProgram('kubectl', ['kustomize', folder], { signal }));
  if (text === undefined) throw MISSING;
  return text;
}

/** The folders that a kustomization names. One that cannot be read names none: rendering will say why. */
async function referencesOf({ path, file }: RenderInput): Promise<string[]> {
  const source = await readSource(file).catch(() => undefined);
  const documents = source ? [...SpecDocument.parse(source)] : [];
  return documents.flatMap(document => {
    if (document instanceof AirgapError) return [];
    const lists = REFERENCES.flatMap(key => document.items(document.root, key));
    return lists.flatMap(item => document.text(item)?.value ?? []).map(name => resolve(join(path, name)));
  });
}

/** Adds a kustomization, and all that it builds on. */
function reach(path: string, references: ReadonlyMap<string, readonly string[]>, reached: Set<string>): void {
  if (reached.has(path)) return;
  reached.add(path);
  for (const next of references.get(path) ?? []) reach(next, references, reached);
}
