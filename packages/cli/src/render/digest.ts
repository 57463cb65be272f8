/** The algorithm and twelve hex digits. */
const LENGTH = 'sha256:'.length + 12;

/** Shortens a digest for a table: `sha256:0123456789ab`. */
export function shortDigest(digest: string): string {
  return digest.slice(0, LENGTH);
}
