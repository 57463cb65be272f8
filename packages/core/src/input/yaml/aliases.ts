import { type Alias, isAlias, type Node, visit } from 'yaml';

/** How often aliases may be followed in one document: a bomb stops here. */
const MAX_FOLLOWED = 100_000;

/** What the aliases of one document stand for. */
export class Aliases {
  /** The first alias that stands for nothing. */
  readonly dangling: Alias | undefined;
  readonly #targets = new Map<Node, Node>();
  readonly #exploded: (alias: Node) => Error;
  #followed = 0;
  #explosion: Error | undefined;

  /**
   * Finds each alias's anchor: the last one of its name before it.
   *
   * @param exploded makes the error for aliases that expand without end, once
   */
  constructor(root: Node | null, exploded: (alias: Node) => Error) {
    this.#exploded = exploded;
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

  /** The node itself, or the one that it is an alias of. @throws what `exploded` made */
  follow(node: Node | null | undefined): Node | null | undefined {
    if (!isAlias(node)) return node;
    this.#followed += 1;
    if (this.#followed <= MAX_FOLLOWED) return this.#targets.get(node);
    this.#explosion ??= this.#exploded(node);
    throw this.#explosion;
  }
}
