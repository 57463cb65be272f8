import { AirgapError } from '../errors.ts';
import { applyEdits, type Edit } from '../fix/edit.ts';
import { EditableText } from '../fix/editable-text.ts';
import { formatPosition } from '../position.ts';
import type { SpecDocument } from '../spec/document.ts';
import type { Spec, UsedImage } from '../spec/image.ts';
import { podImages, podsOf } from '../spec/kubernetes.ts';
import { objectsOf } from '../spec/object.ts';
import type { SourceText } from '../spec/source.ts';
import { imageEdit } from './image-edit.ts';
import type { LeftAlone } from './left-alone.ts';
import { pullSecretEdit } from './pull-secret-edit.ts';
import type { Renames } from './renames.ts';

/** Specs with their images' new names. */
export interface Rewriting {
  /** The file of a text that has changed → the text now. */
  readonly texts: ReadonlyMap<string, string>;
  /** How many places name an image anew. */
  readonly replaced: number;
  readonly left: readonly LeftAlone[];
}

export interface RewritingOptions {
  readonly renames: Renames;
  /** A Secret that the pods of the renamed images are to pull with. */
  readonly secret?: string | undefined;
}

/** Gives the images that specs use their new names; every other byte stays, and so do the lists of images. */
export function rewriteSpecs({ sources, used, unread }: Spec, options: RewritingOptions): Rewriting {
  const texts = new Map<string, string>();
  const left: LeftAlone[] = unread.flatMap(unreadPart);
  const uses = usesByFile(used);
  let replaced = 0;
  for (const source of new Map(sources.map(one => [one.file, one])).values()) {
    const text = new TextRewriting(source, uses.get(source.file) ?? [], options);
    if (text.edits.length > 0) texts.set(source.file, applyEdits(source.text, text.edits).text);
    replaced += text.replaced;
    left.push(...text.left);
  }
  return { texts, replaced, left };
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
class TextRewriting {
  readonly edits: Edit[] = [];
  readonly left: LeftAlone[] = [];
  /** The places that name an image anew. */
  readonly #renamed = new Set<string>();

  constructor(source: SourceText, uses: readonly UsedImage[], { renames, secret }: RewritingOptions) {
    if (uses.length === 0) return;
    const text = new EditableText(source);
    // Aliases and merge keys bring several containers to one place.
    for (const use of new Map(uses.map(one => [formatPosition(one.image.position), one])).values())
      this.#rename(text, use, renames);
    if (secret === undefined) return;
    for (const document of text.documents) this.#addSecret(text, document, secret);
  }

  get replaced(): number {
    return this.#renamed.size;
  }

  #rename(text: EditableText, use: UsedImage, renames: Renames): void {
    const outcome = imageEdit(text, use, renames);
    if ('message' in outcome) {
      this.left.push(outcome);
      return;
    }
    this.edits.push(outcome);
    this.#renamed.add(formatPosition(use.image.position));
  }

  #addSecret(text: EditableText, document: SpecDocument, secret: string): void {
    const pods = readable(() => [...objectsOf(document)]).flatMap(object =>
      readable(() => podsOf(document, object)).map(pod => ({ object, map: document.mapping(pod) })),
    );
    for (const { object, map } of pods) {
      const images = map ? readable(() => podImages(document, map)) : [];
      if (!map || !images.some(({ image }) => this.#renamed.has(formatPosition(image.position)))) continue;
      const edit = pullSecretEdit({ text, document, map }, secret);
      if (typeof edit === 'object') this.edits.push(edit);
      else if (edit === 'cannot be edited')
        this.left.push({
          message: `the pull secrets of ${object.kind} ${object.workload ?? '(unnamed)'} cannot be edited: add ${secret}`,
          position: document.position(map),
        });
    }
  }
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

function unreadPart({ message, where: { position } }: AirgapError): LeftAlone[] {
  return position ? [{ message, position }] : [];
}
