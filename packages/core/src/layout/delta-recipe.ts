import { z } from 'zod';
import { AirgapError } from '../model/errors.ts';
import { parseJson } from '../model/parse-json.ts';
import { digestSchema } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { placeEntries, type TarInput } from '../tar/plan.ts';
import { blobDigest, DOCUMENTS } from './documents.ts';

/** The first entry of a delta. */
export const RECIPE = 'airgap-delta.json';

/** The largest time that a tar header holds, in seconds since 1970: eleven octal digits. */
const MAX_TIME = 0o77777777777;

/** A bundle, identified by the digest of its `index.json`. */
export interface BundleIdentity {
  readonly index: Digest;
  /** In bytes. */
  readonly size: number;
}

/** A blob that a delta leaves to its base. */
export interface MissingBlob {
  readonly digest: Digest;
  /** In bytes. */
  readonly size: number;
}

/** `airgap-delta.json`: how a delta and its base make the complete bundle. */
export interface DeltaRecipe {
  /** The bundles that all have the missing blobs. */
  readonly base: readonly BundleIdentity[];
  /** The complete bundle: the time and the entries of its tar, in order. */
  readonly full: BundleIdentity & {
    readonly mtime: number;
    readonly entries: readonly (readonly [name: string, size: number])[];
  };
  /** In the order of the entries. */
  readonly missing: readonly MissingBlob[];
}

const size = z.int().nonnegative();
const identity = { index: digestSchema, size };
const recipeSchema = z.strictObject({
  formatVersion: z.literal(1),
  base: z.array(z.strictObject(identity)).min(1),
  full: z.strictObject({
    ...identity,
    mtime: size.max(MAX_TIME),
    entries: z.array(z.tuple([z.string(), size])),
  }),
  missing: z.array(z.strictObject({ digest: digestSchema, size })),
});

/** Serializes a recipe, in its only form. */
export function formatRecipe({ base, full, missing }: DeltaRecipe): Buffer {
  const { index, size, mtime, entries } = full;
  return Buffer.from(
    JSON.stringify({
      formatVersion: 1,
      base: base.map(({ index, size }) => ({ index, size })),
      full: { index, size, mtime, entries },
      missing: missing.map(({ digest, size }) => ({ digest, size })),
    }),
  );
}

/**
 * Parses and checks a recipe before anything is written by it: every name is a document or a blob, the sizes add up, and
 * what is missing is one of the entries.
 *
 * @param path of the delta, for errors
 * @throws AirgapError `BUNDLE`
 */
export function parseRecipe(bytes: Buffer, path: string): DeltaRecipe {
  const invalid = (reason: string, hint = 'Fetch the delta again.') =>
    new AirgapError('BUNDLE', `invalid delta: ${RECIPE}: ${reason}`, { where: { path }, hint });
  const document = parseJson(bytes);
  const newer = newerFeature(document);
  if (newer !== undefined)
    throw invalid(`${newer}: made by a newer airgap`, 'Use the version of airgap that made the delta.');
  const result = recipeSchema.safeParse(document);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw invalid(`${issue?.path.join('.') || 'the document'}: ${issue?.message}`);
  }
  const { base, full, missing } = result.data;
  const recipe = { base, full, missing };
  const reason = entriesProblem(recipe) ?? missingProblem(recipe);
  if (reason !== undefined) throw invalid(reason);
  if (!formatRecipe(recipe).equals(bytes)) throw invalid('non-canonical JSON');
  return recipe;
}

/** The entries of a delta: its recipe, and the complete bundle without what is missing. */
export function deltaInputs({ full, missing }: DeltaRecipe, recipeSize: number): TarInput[] {
  const absent = new Set<string>(missing.map(({ digest }) => digest));
  const present = full.entries.filter(([name]) => !absent.has(blobDigest(name) ?? ''));
  return inputsOf([[RECIPE, recipeSize], ...present]);
}

function inputsOf(entries: readonly (readonly [string, number])[]): TarInput[] {
  return entries.map(([name, size]) => ({ name, size, content: undefined }));
}

/** What a later version of the format has; undefined for the first one. */
function newerFeature(document: unknown): string | undefined {
  const { formatVersion, patches } = (document ?? {}) as { formatVersion?: unknown; patches?: unknown };
  if (typeof formatVersion === 'number' && formatVersion !== 1) return `format version ${formatVersion}`;
  return formatVersion === 1 && patches !== undefined ? 'patches' : undefined;
}

function entriesProblem({ full }: DeltaRecipe): string | undefined {
  const names = full.entries.map(([name]) => name);
  if (DOCUMENTS.some((name, index) => names[index] !== name))
    return `the entries do not begin with ${DOCUMENTS.join(', ')}`;
  const foreign = names.slice(DOCUMENTS.length).find(name => blobDigest(name) === undefined);
  if (foreign !== undefined) return `unexpected entry: ${JSON.stringify(foreign.slice(0, 100))}`;
  if (new Set(names).size !== names.length) return 'duplicate entry';
  const total = full.entries.reduce((sum, [, size]) => sum + size, 0);
  // Checked first: the sum of a plan of such entries would not be exact.
  if (total > full.size) return `the entries have ${total} bytes, more than the bundle with ${full.size}`;
  const { size } = placeEntries(inputsOf(full.entries));
  return size === full.size ? undefined : `expected a bundle of ${size} bytes, got ${full.size}`;
}

function missingProblem({ full, missing }: DeltaRecipe): string | undefined {
  const wanted = new Map<string, number>(missing.map(({ digest, size }) => [digest, size]));
  if (wanted.size !== missing.length) return 'duplicate missing blob';
  const found = full.entries.flatMap(([name]) => {
    const digest = blobDigest(name);
    return digest !== undefined && wanted.has(digest) ? [digest] : [];
  });
  const misplaced = missing.find(({ digest }, index) => digest !== found[index]);
  if (misplaced) return `the missing blob ${misplaced.digest} is not an entry, or not in order`;
  const sizes = new Map<string, number>(full.entries.map(([name, size]) => [blobDigest(name) ?? '', size]));
  const other = missing.find(({ digest, size }) => sizes.get(digest) !== size);
  return (
    other &&
    `the missing blob ${other.digest} has two sizes: ${sizes.get(other.digest)} and ${other.size} bytes`
  );
}
