import type { Node } from 'yaml';
import { AirgapError } from '../../model/errors.ts';
import type { SpecDocument } from '../yaml/document.ts';
import type { ImageInObject } from './kubernetes.ts';
import type { KubernetesObject } from './kubernetes-object.ts';

/** Image paths of custom resources: kind → paths in the syntax of `ImagePath.parse`. */
export type ImagePaths = Readonly<Record<string, readonly string[]>>;

/** A key, an item index, or every value of a list or mapping. */
type Step = { readonly key: string } | { readonly index: number } | 'every';

/** One step of a path. */
const STEP =
  /\.(?<key>[\w-]+)|\.(?<star>\*)|\[(?:(?<index>\d{1,6})|(?<every>\*)|(?<quote>['"])(?<quoted>[^'"]+)\k<quote>)\]/y;

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
   * Parses a path: a sequence of `.key`, `['any.key']`, `[0]`, and `[*]` for every value. A leading `$` and enclosing
   * braces are allowed.
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
    if (steps.length === 0 || !/^[A-Z]\w*$/i.test(kind)) throw syntaxError(kind, text, path);
    return new ImagePath(kind, text, steps);
  }

  /** Parses the paths of several kinds. @throws AirgapError `USAGE` */
  static all(paths: ImagePaths): ImagePath[] {
    return Object.entries(paths).flatMap(([kind, texts]) => texts.map(text => ImagePath.parse(kind, text)));
  }

  /** Returns the images at the path. @throws AirgapError `INPUT` if it points to a mapping or a list */
  images(document: SpecDocument, { node, kind, name }: KubernetesObject): ImageInObject[] {
    if (kind !== this.kind) return [];
    const nodes = this.#steps.reduce<Node[]>(
      (parents, step) => parents.flatMap(parent => follow(document, parent, step)),
      [node],
    );
    return nodes.flatMap(found => {
      if (document.isMap(found) || document.isList(found))
        throw document.error(
          `image path ${this.text} of ${kind} ${name ?? '(unnamed)'} does not point to a string`,
          document.position(found),
          'Extend the path to the image itself; [*] selects every item of a list.',
        );
      const image = document.text(found);
      return image ? [{ image, pullPolicies: [], field: this.text, container: undefined }] : [];
    });
  }
}

function stepOf({ key, index, quoted }: Record<string, string | undefined>): Step {
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
  return 'key' in step ? document.all(parent, step.key) : present(document.items(parent)[step.index]);
}

function syntaxError(kind: string, text: string, rest: string): AirgapError {
  return new AirgapError(
    'USAGE',
    `invalid image path ${JSON.stringify(`${kind}=${text}`)} at ${JSON.stringify(rest)}`,
    { hint: "Write KIND=PATH, for example 'MyCRD=.spec.image' or 'MyCRD=.spec.parts[*].image'." },
  );
}
