/** How many tags are suggested. */
const MAX_SUGGESTED = 3;
/** Tags whose lengths differ more than this are not similar. */
const MAX_LENGTH_DIFFERENCE = 16;
/** How much of a tag is compared, in characters. */
const MAX_COMPARED = 40;

/** A tag as a version: `v1.2-alpine` has the numbers 1 and 2, and the suffix `-alpine`. */
interface Version {
  readonly tag: string;
  readonly numbers: readonly number[];
  readonly suffix: string;
}

/**
 * Returns the tags that are nearest to one that does not exist: the same version, then the next higher and the next lower
 * one, with the same suffix if there are any. Without such versions, those that are spelled most similarly.
 *
 * @example
 * nearTags('2.4.99', ['2.4.0', '2.5.0', 'latest']); // ['2.5.0', '2.4.0']
 */
export function nearTags(wanted: string, tags: readonly string[]): string[] {
  const version = parseVersion(wanted);
  const versions = tags.flatMap(tag => parseVersion(tag) ?? []);
  const near = version === undefined ? [] : nearVersions(version, versions);
  const found = near.length > 0 ? near.map(({ tag }) => tag) : similarTags(wanted, tags);
  return found.slice(0, MAX_SUGGESTED);
}

function parseVersion(tag: string): Version | undefined {
  const match = /^v?(?<numbers>\d{1,15}(?:\.\d{1,15})*)(?<suffix>.*)$/.exec(tag)?.groups;
  if (match?.numbers === undefined) return undefined;
  return { tag, numbers: match.numbers.split('.').map(Number), suffix: match.suffix ?? '' };
}

function nearVersions(wanted: Version, versions: readonly Version[]): Version[] {
  const sameSuffix = versions.filter(({ suffix }) => suffix === wanted.suffix);
  const equal = versions.filter(version => compareVersions(version, wanted) === 0);
  const others = (sameSuffix.length > 0 ? sameSuffix : versions).toSorted(compareVersions);
  const higher = others.filter(version => compareVersions(version, wanted) > 0);
  const lower = others.filter(version => compareVersions(version, wanted) < 0).toReversed();
  return [...bySpelling(wanted.tag, equal), ...alternating(higher, lower)];
}

function compareVersions({ numbers: a }: Version, { numbers: b }: Version): number {
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function alternating<T>(first: readonly T[], second: readonly T[]): T[] {
  return first.length < second.length
    ? second.flatMap((item, at) => [...first.slice(at, at + 1), item])
    : first.flatMap((item, at) => [item, ...second.slice(at, at + 1)]);
}

function similarTags(wanted: string, tags: readonly string[]): string[] {
  const similar = tags.filter(({ length }) => Math.abs(length - wanted.length) <= MAX_LENGTH_DIFFERENCE);
  return bySpelling(
    wanted,
    similar.map(tag => ({ tag })),
  ).map(({ tag }) => tag);
}

/** Sorts by how similarly the tags are spelled. */
function bySpelling<T extends { readonly tag: string }>(wanted: string, items: readonly T[]): T[] {
  const start = wanted.slice(0, MAX_COMPARED);
  return items
    .map(item => ({ item, distance: distance(item.tag.slice(0, MAX_COMPARED), start) }))
    .toSorted((a, b) => a.distance - b.distance)
    .map(({ item }) => item);
}

/** The number of characters to insert, delete or replace (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (const [i, character] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j += 1) {
      const replaced = (row[j] ?? 0) + (character === b[j] ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
