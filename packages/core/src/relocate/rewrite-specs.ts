import type { YAMLMap } from 'yaml';
import { applyEdits, type Edit } from '../edit/edit.ts';
import { YamlText } from '../edit/yaml-text.ts';
import { podImages, podsOf } from '../input/formats/kubernetes.ts';
import { type KubernetesObject, objectsOf } from '../input/formats/kubernetes-object.ts';
import { collectorPods } from '../input/formats/troubleshoot.ts';
import type { SourceText } from '../input/model/source-text.ts';
import type { Spec, UsedImage } from '../input/model/spec.ts';
import type { SpecDocument } from '../input/yaml/document.ts';
import { AirgapError } from '../model/errors.ts';
import { formatPosition } from '../model/position.ts';
import { imageEdit } from './image-edit.ts';
import { type Pod, pullSecretEdit } from './pull-secret-edit.ts';
import type { Renames } from './renames.ts';
import type { Skipped } from './skipped.ts';

/** Specs with new image references. */
export interface RewrittenSpecs {
  /** New texts by file; unchanged files are not included. */
  readonly texts: ReadonlyMap<string, string>;
  /** Number of image references that were replaced. */
  readonly replaced: number;
  readonly skipped: readonly Skipped[];
}

export interface RewritingOptions {
  readonly renames: Renames;
  /** Name of a pull secret to add to the pods whose images were replaced. */
  readonly secret?: string | undefined;
}

/** Replaces the image references that specs use. All other bytes are kept, and so are lists of images. */
export function rewriteSpecs(
  { sources, used, parseErrors }: Spec,
  options: RewritingOptions,
): RewrittenSpecs {
  const texts = new Map<string, string>();
  const skipped: Skipped[] = parseErrors.flatMap(skippedDocument);
  const uses = usesByFile(used);
  let replaced = 0;
  for (const source of new Map(sources.map(source => [source.file, source])).values()) {
    const text = new TextRewrite(source, uses.get(source.file) ?? [], options);
    if (text.edits.length > 0) texts.set(source.file, applyEdits(source.text, text.edits).text);
    replaced += text.replaced;
    skipped.push(...text.skipped);
  }
  return { texts, replaced, skipped };
}

function usesByFile(used: readonly UsedImage[]): Map<string, UsedImage[]> {
  const byFile = new Map<string, UsedImage[]>();
  for (const use of used) {
    const { file } = use.image.position;
    const uses = byFile.get(file);
    if (uses) uses.push(use);
    else byFile.set(file, [use]);
  }
  return byFile;
}

/** The edits of one text. */
class TextRewrite {
  readonly edits: Edit[] = [];
  readonly skipped: Skipped[] = [];
  /** Positions of the replaced references. */
  readonly #renamed = new Set<string>();

  constructor(source: SourceText, uses: readonly UsedImage[], { renames, secret }: RewritingOptions) {
    if (uses.length === 0) return;
    const text = new YamlText(source);
    // With aliases and merge keys, several containers share one position.
    const byPosition = new Map(uses.map(use => [formatPosition(use.image.position), use]));
    for (const use of byPosition.values()) this.#rename(text, use, renames);
    if (secret === undefined) return;
    for (const document of text.documents) this.#addSecrets(text, document, secret);
  }

  get replaced(): number {
    return this.#renamed.size;
  }

  #rename(text: YamlText, use: UsedImage, renames: Renames): void {
    const outcome = imageEdit(text, use, renames);
    if ('message' in outcome) {
      this.skipped.push(outcome);
      return;
    }
    this.edits.push(outcome);
    this.#renamed.add(formatPosition(use.image.position));
  }

  #addSecrets(text: YamlText, document: SpecDocument, secret: string): void {
    for (const object of ignoreErrors(() => [...objectsOf(document)]))
      for (const pod of ignoreErrors(() => podSpecsOf(document, object)))
        if (this.#isRenamed(document, pod)) this.#addSecret({ text, document, map: pod }, object, secret);
  }

  #isRenamed(document: SpecDocument, pod: YAMLMap): boolean {
    const images = ignoreErrors(() => podImages(document, pod));
    return images.some(({ image }) => this.#renamed.has(formatPosition(image.position)));
  }

  #addSecret(pod: Pod, { kind, name = '(unnamed)' }: KubernetesObject, secret: string): void {
    const edit = pullSecretEdit(pod, secret);
    if (typeof edit === 'object') this.edits.push(edit);
    if (edit !== 'cannot be edited') return;
    const message = `the pull secrets of ${kind} ${name} cannot be edited: add ${secret}`;
    this.skipped.push({ message, position: pod.document.position(pod.map) });
  }
}

/** All pod specs of an object, at the position where they are written. */
function podSpecsOf(document: SpecDocument, object: KubernetesObject): YAMLMap[] {
  const pods = [...podsOf(document, object), ...collectorPods(document, object)];
  return pods.flatMap(pod => document.mapping(pod) ?? []);
}

/** Ignores parse errors, which {@link rewriteSpecs} has already reported. */
function ignoreErrors<T>(read: () => T[]): T[] {
  try {
    return read();
  } catch (error) {
    if (error instanceof AirgapError) return [];
    throw error;
  }
}

/** A document that cannot be parsed is not rewritten. */
function skippedDocument({ message, where: { position } }: AirgapError): Skipped[] {
  return position ? [{ message, position }] : [];
}
