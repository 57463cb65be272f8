/** Why verify says OK for a bundle that a program refuses, or reads otherwise. */
export interface KnownLimit {
  /** The title of the case. */
  readonly title: string;
  readonly programs: readonly string[];
  readonly reason: string;
}

/** Everything else that verify accepts, all programs read alike. */
export const KNOWN_LIMITS: readonly KnownLimit[] = [
  {
    title: 'a layer with urls',
    programs: ['skopeo'],
    reason: 'skopeo fetches such layers from their urls even if the layout has them; verify reports a notice',
  },
  ...[
    { title: 'a manifest: the layers in another order', programs: ['ctr', 'skopeo', 'docker'] },
    { title: 'a layer with gzip that has another diff ID', programs: ['ctr', 'podman', 'docker'] },
    { title: 'a truncated layer', programs: ['ctr', 'podman', 'docker'] },
  ].map(limit => ({ ...limit, reason: 'only verify --diff-ids decompresses layers; the digests are right' })),
  {
    title: 'a config without rootfs',
    programs: ['ctr', 'podman', 'docker'],
    reason: 'no runtime unpacks it; some artifacts are stored so. verify reports a notice',
  },
  {
    title: 'an index in an index',
    programs: ['skopeo'],
    reason: 'skopeo does not read nested indexes',
  },
];
