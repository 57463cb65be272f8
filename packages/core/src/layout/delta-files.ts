import { AirgapError } from '../model/errors.ts';
import { digestOf } from '../oci/digest.ts';
import type { RandomAccess } from '../store/random-access.ts';
import { type DeltaRecipe, deltaInputs, parseRecipe, RECIPE } from './delta-recipe.ts';
import { blobDigest } from './documents.ts';
import { Layout } from './layout.ts';
import type { LayoutEntry, LayoutFiles } from './layout-files.ts';

/** Open layouts that may have what a delta lacks. */
interface Bases extends AsyncDisposable {
  readonly layouts: readonly Layout[];
}

/**
 * The files of a delta and of its bases, as those of the complete bundle. What neither has is absent. Layouts of any form
 * can be bases: what counts is which blobs they have.
 */
export class DeltaFiles implements LayoutFiles {
  readonly form = 'delta';
  readonly recipe: DeltaRecipe;
  readonly entries: ReadonlyMap<string, LayoutEntry>;
  readonly absent: ReadonlyMap<string, LayoutEntry>;
  readonly #delta: LayoutFiles;
  readonly #bases: readonly Layout[];
  readonly #openBases: AsyncDisposable;

  private constructor(delta: LayoutFiles, recipe: DeltaRecipe, bases: Bases) {
    this.#delta = delta;
    this.#bases = [...bases.layouts];
    this.#openBases = bases;
    this.recipe = recipe;
    const entries = new Map<string, LayoutEntry>();
    const absent = new Map<string, LayoutEntry>();
    for (const [name, size] of recipe.full.entries) {
      const own = delta.entries.get(name);
      const entry = own ?? { name, size };
      const isPresent = own !== undefined || this.#baseOf(entry) !== undefined;
      (isPresent ? entries : absent).set(name, entry);
    }
    this.entries = entries;
    this.absent = absent;
  }

  /**
   * Reads the recipe of a delta, and compares it with the entries.
   *
   * @param delta its tar; closed with this
   * @param bases open layouts that may have what is missing; closed with this
   * @throws AirgapError `BUNDLE`
   */
  static async open(delta: LayoutFiles, bases: Bases): Promise<DeltaFiles> {
    const layout = new Layout(delta);
    const bytes = await layout.documentBytes(RECIPE);
    const recipe = parseRecipe(bytes, delta.location);
    const reason = entriesProblem(delta, recipe, bytes.length) ?? (await indexProblem(layout, recipe));
    if (reason === undefined) return new DeltaFiles(delta, recipe, bases);
    throw new AirgapError('BUNDLE', `invalid or incomplete delta: ${reason}`, {
      where: { path: delta.location },
      hint: 'Fetch the delta again.',
    });
  }

  get location(): string {
    return this.#delta.location;
  }

  get size(): number {
    return this.#delta.size;
  }

  async open(entry: LayoutEntry): Promise<RandomAccess> {
    const own = this.#delta.entries.get(entry.name);
    if (own) return this.#delta.open(own);
    const found = this.#baseOf(entry);
    if (found) return found.open();
    throw new AirgapError('NOT_FOUND', 'a blob is missing', { where: { path: this.location } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#delta[Symbol.asyncDispose]();
    await this.#openBases[Symbol.asyncDispose]();
  }

  /** Opens a blob in the first base that has it; undefined when none does. */
  #baseOf({ name, size }: LayoutEntry): { open(): Promise<RandomAccess> } | undefined {
    const digest = blobDigest(name);
    if (digest === undefined) return undefined;
    const base = this.#bases.find(layout => layout.contains({ digest, size }));
    return base && { open: () => base.open({ digest }) };
  }
}

/** The tar has exactly the entries that the recipe leaves in it. */
function entriesProblem(delta: LayoutFiles, recipe: DeltaRecipe, recipeSize: number): string | undefined {
  const expected = deltaInputs(recipe, recipeSize);
  const actual = [...delta.entries.values()];
  const index = expected.findIndex(({ name, size }, at) => {
    const entry = actual[at];
    return entry?.name !== name || entry.size !== size;
  });
  const wrong = expected[index];
  if (wrong)
    return `expected the entry ${wrong.name} with ${wrong.size} bytes, got ${describe(actual[index])}`;
  const surplus = actual[expected.length];
  if (surplus) return `the entry ${surplus.name} is not in the recipe`;
  const otherTime = actual.find(entry => timeOf(entry) !== undefined && timeOf(entry) !== recipe.full.mtime);
  return otherTime && `expected the time ${recipe.full.mtime}, got ${timeOf(otherTime)}: ${otherTime.name}`;
}

/** In seconds since 1970; undefined for a file that is not in a tar. */
function timeOf(entry: LayoutEntry): number | undefined {
  return 'mtime' in entry && typeof entry.mtime === 'number' ? entry.mtime : undefined;
}

function describe(entry: LayoutEntry | undefined): string {
  return entry ? `${entry.name} with ${entry.size} bytes` : 'the end of the archive';
}

async function indexProblem(layout: Layout, { full }: DeltaRecipe): Promise<string | undefined> {
  const actual = digestOf(await layout.documentBytes('index.json'));
  if (actual === full.index) return undefined;
  return `digest mismatch of index.json: expected ${full.index}, got ${actual}`;
}
