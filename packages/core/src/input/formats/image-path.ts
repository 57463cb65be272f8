import type { Node } from 'yaml';
import { AirgapError } from '../../model/errors.ts';
import type { SpecDocument } from '../yaml/document.ts';
import type { ImageInObject, KubernetesObject } from './kubernetes-object.ts';
import { mappingsBelow } from './mappings-below.ts';

/** Image paths of custom resources: kind → paths in the syntax of `ImagePath.parse`. */
export type ImagePaths = Readonly<Record<string, readonly string[]>>;

/** A key, a key at any depth, an item index, or every value of a list or mapping. */
type Step = { readonly key: string } | { readonly below: string } | { readonly index: number } | 'every';

/** The kind of a path that applies to every kind. */
const ANY_KIND = '*';

/** One step of a path. */
const STEP =
  /\.\.(?<below>[\w-]+)|\.(?<key>[\w-]+)|\.(?<star>\*)|\[(?:(?<index>\d{1,6})|(?<every>\*)|(?<quote>['"])(?<quoted>[^'"]+)\k<quote>)\]/y;

/** A path to the images in objects of a custom kind. */
export class ImagePath {
  readonly kind: string;
  readonly text: string;
  readonly #steps: readonly Step[];

  private constructor(kind: string, text: string, steps: readonly Step[]) {
    this.kind = kind;
    this.text = text;
    this.#steps = steps;
  }

  /**
   * Parses a path: a sequence of `.key`, `..key` for that key at any depth, `['any.key']`, `[0]`, and `[*]` for every
   * value. A leading `$` and enclosing braces are allowed. The kind `*` means every kind.
   *
   * @throws AirgapError `USAGE`
   */
  static parse(kind: string, text: string): ImagePath {
    const path = text.replace(/^\{(.*)\}$/, '$1').replace(/^\$/, '');
    const steps: Step[] = [];
    STEP.lastIndex = 0;
    for (let end = 0; end < path.length; end = STEP.lastIndex) {
      const found = STEP.exec(path);
      if (!found) throw syntaxError(kind, text, path.slice(end));
      steps.push(stepOf(found.groups ?? {}));
    }
    if (steps.length === 0 || !(kind === ANY_KIND || /^[A-Z]\w*$/i.test(kind)))
      throw syntaxError(kind, text, path);
    return new ImagePath(kind, text, steps);
  }

  /** Parses the paths of several kinds. @throws AirgapError `USAGE` */
  static all(paths: ImagePaths): ImagePath[] {
    return Object.entries(paths).flatMap(([kind, texts]) => texts.map(text => ImagePath.parse(kind, text)));
  }

  /**
   * Returns the images at the path.
   *
   * @throws AirgapError `INPUT` if it points to a mapping or a list; a path to any kind or any depth skips these
   */
  images(document: SpecDocument, object: KubernetesObject): ImageInObject[] {
    if (this.kind !== ANY_KIND && object.kind !== this.kind) return [];
    if (!this.#isBroad) this.#requireStrings(document, object);
    return this.strings(document, object);
  }

  /** Returns the strings at the path as images, whatever the kind of the object. */
  strings(document: SpecDocument, { node }: KubernetesObject): ImageInObject[] {
    return this.#nodes(document, node).flatMap(found => {
      const image = document.text(found);
      return image ? [{ image, pullPolicies: [], field: this.text, container: undefined }] : [];
    });
  }

  get #isBroad(): boolean {
    return this.kind === ANY_KIND || this.#steps.some(step => step !== 'every' && 'below' in step);
  }

  #requireStrings(document: SpecDocument, { node, kind, name }: KubernetesObject): void {
    for (const found of this.#nodes(document, node))
      if (document.isMap(found) || document.isList(found))
        throw document.error(
          `image path ${this.text} of ${kind} ${name ?? '(unnamed)'} does not point to a string`,
          document.position(found),
          'Extend the path to the image itself; [*] selects every item of a list.',
        );
  }

  #nodes(document: SpecDocument, node: Node): Node[] {
    return this.#steps.reduce<Node[]>(
      (parents, step) => parents.flatMap(parent => follow(document, parent, step)),
      [node],
    );
  }
}

function stepOf({ below, key, index, quoted }: Record<string, string | undefined>): Step {
  if (below !== undefined) return { below };
  if (index !== undefined) return { index: Number(index) };
  const name = key ?? quoted;
  return name === undefined ? 'every' : { key: name };
}

function follow(document: SpecDocument, parent: Node, step: Step): Node[] {
  const present = (node: Node | undefined) => (node === undefined ? [] : [node]);
  if (step === 'every')
    return document.isList(parent)
      ? document.items(parent)
      : document.entries(parent).flatMap(([, value]) => present(value));
  if ('below' in step)
    return [...mappingsBelow(document, parent)].flatMap(mapping => document.all(mapping, step.below));
  return 'key' in step ? document.all(parent, step.key) : present(document.items(parent)[step.index]);
}

function syntaxError(kind: string, text: string, rest: string): AirgapError {
  return new AirgapError(
    'USAGE',
    `invalid image path ${JSON.stringify(`${kind}=${text}`)} at ${JSON.stringify(rest)}`,
    {
      hint: "Write KIND=PATH, for example 'MyCRD=.spec.image', 'MyCRD=.spec.parts[*].image' or '*=..image'.",
    },
  );
}
