import { type Alias, isAlias, type Node, visit } from 'yaml';

/** Maximum number of alias expansions in one document, against alias bombs. */
const MAX_EXPANSIONS = 100_000;

/** Resolves the aliases of one document. */
export class Aliases {
  /** The first alias without an anchor. */
  readonly dangling: Alias | undefined;
  readonly #targets = new Map<Node, Node>();
  readonly #limitError: (alias: Node) => Error;
  #expansions = 0;
  #error: Error | undefined;

  /**
   * Finds the anchor of each alias: the last one of that name before it.
   *
   * @param limitError makes the error for too many expansions; called at most once
   */
  constructor(root: Node | null, limitError: (alias: Node) => Error) {
    this.#limitError = limitError;
    const anchors = new Map<string, Node>();
    let dangling: Alias | undefined;
    visit(root, {
      Alias: (_key, alias) => {
        const target = anchors.get(alias.source);
        if (target) this.#targets.set(alias, target);
        else dangling ??= alias;
      },
      Value: (_key, node) => {
        if (node.anchor !== undefined) anchors.set(node.anchor, node);
      },
    });
    this.dangling = dangling;
  }

  /** Returns the target of an alias, or the node itself. @throws the error made by `limitError` */
  follow(node: Node | null | undefined): Node | null | undefined {
    if (!isAlias(node)) return node;
    this.#expansions += 1;
    if (this.#expansions <= MAX_EXPANSIONS) return this.#targets.get(node);
    this.#error ??= this.#limitError(node);
    throw this.#error;
  }
}
