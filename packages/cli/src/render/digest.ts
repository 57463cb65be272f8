/** As much of a digest as people compare: the algorithm and twelve digits. */
const LENGTH = 'sha256:'.length + 12;

/** The beginning of a digest, for a table. */
export function shortDigest(digest: string): string {
  return digest.slice(0, LENGTH);
}
