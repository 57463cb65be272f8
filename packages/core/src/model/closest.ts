/** More edits than this make another word, not a misspelling. */
const MAX_EDITS = 3;

/**
 * Finds the candidate that a misspelled word most likely means: with the fewest letters to insert, remove, replace or
 * swap, and at least half of the letters the same.
 *
 * @returns undefined if no candidate is near
 */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let fewest = MAX_EDITS + 1;
  for (const candidate of candidates) {
    const edits = editDistance(word, candidate);
    if (edits >= fewest || edits * 2 > Math.max(word.length, candidate.length)) continue;
    best = candidate;
    fewest = edits;
  }
  return best;
}

/** Damerau-Levenshtein distance (optimal string alignment). */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > MAX_EDITS) return MAX_EDITS + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const isSame = a[row - 1] === b[column - 1];
      const replaced = at(last, column - 1) + (isSame ? 0 : 1);
      const edits = [replaced, at(last, column) + 1, at(current, column - 1) + 1];
      if (a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1])
        edits.push(at(beforeLast, column - 2) + 1);
      current.push(Math.min(...edits));
    }
    beforeLast = last;
    last = current;
  }
  return at(last, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
