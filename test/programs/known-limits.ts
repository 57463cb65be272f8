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
  {
    title: 'a manifest: the layers in another order',
    programs: ['ctr', 'skopeo', 'docker'],
    reason: 'verify does not unpack layers, so it does not compare them with the diff_ids; runtimes do',
  },
  {
    title: 'a config with too few diff_ids, which is not in manifest.json',
    programs: ['ctr', 'podman', 'docker'],
    reason:
      'the image is carried as it was pushed; a build leaves it out of manifest.json, and no runtime unpacks it',
  },
];
