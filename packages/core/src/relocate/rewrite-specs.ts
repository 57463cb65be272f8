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

/** Specs with their images' new names. */
export interface RewrittenSpecs {
  /** The file of a text that has changed → the text now. */
  readonly texts: ReadonlyMap<string, string>;
  /** How many places name an image anew. */
  readonly replaced: number;
  readonly skipped: readonly Skipped[];
}

export interface RewritingOptions {
  readonly renames: Renames;
  /** A Secret that the pods of the renamed images are to pull with. */
  readonly secret?: string | undefined;
}

/** Gives the images that specs use their new names; every other byte stays, and so do the lists of images. */
export function rewriteSpecs(
  { sources, used, parseErrors }: Spec,
  options: RewritingOptions,
): RewrittenSpecs {
  const texts = new Map<string, string>();
  const skipped: Skipped[] = parseErrors.flatMap(unreadPart);
  const uses = usesByFile(used);
  let replaced = 0;
  for (const source of new Map(sources.map(one => [one.file, one])).values()) {
    const text = new TextRewrite(source, uses.get(source.file) ?? [], options);
    if (text.edits.length > 0) texts.set(source.file, applyEdits(source.text, text.edits).text);
    replaced += text.replaced;
    skipped.push(...text.skipped);
  }
  return { texts, replaced, skipped };
}

function usesByFile(used: readonly UsedImage[]): Map<string, UsedImage[]> {
  const found = new Map<string, UsedImage[]>();
  for (const use of used) {
    const { file } = use.image.position;
    const there = found.get(file);
    if (there) there.push(use);
    else found.set(file, [use]);
  }
  return found;
}

/** What is to be done in one text. */
class TextRewrite {
  readonly edits: Edit[] = [];
  readonly skipped: Skipped[] = [];
  /** The places that name an image anew. */
  readonly #renamed = new Set<string>();

  constructor(source: SourceText, uses: readonly UsedImage[], { renames, secret }: RewritingOptions) {
    if (uses.length === 0) return;
    const text = new YamlText(source);
    // Aliases and merge keys bring several containers to one place.
    for (const use of new Map(uses.map(one => [formatPosition(one.image.position), one])).values())
      this.#rename(text, use, renames);
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
    for (const object of readable(() => [...objectsOf(document)]))
      for (const pod of readable(() => everyPod(document, object)))
        if (this.#isRenamed(document, pod)) this.#addSecret({ text, document, map: pod }, object, secret);
  }

  #isRenamed(document: SpecDocument, pod: YAMLMap): boolean {
    const images = readable(() => podImages(document, pod));
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

/** Every pod spec of an object, where it is written. */
function everyPod(document: SpecDocument, object: KubernetesObject): YAMLMap[] {
  const pods = [...podsOf(document, object), ...collectorPods(document, object)];
  return pods.flatMap(pod => document.mapping(pod) ?? []);
}

/** What cannot be read has been told already. */
function readable<T>(read: () => T[]): T[] {
  try {
    return read();
  } catch (error) {
    if (error instanceof AirgapError) return [];
    throw error;
  }
}

function unreadPart({ message, where: { position } }: AirgapError): Skipped[] {
  return position ? [{ message, position }] : [];
}
