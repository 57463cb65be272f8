import type { AirgapSpec } from '../airgap-document.ts';
import type { Archive } from '../archive.ts';
import { APP_ARCHIVE } from '../archive-names.ts';
import type { ArchiveEntry } from './archive-plan.ts';
import { checkReleaseSize } from './release.ts';

/** The folder of what embedded-cluster installs. */
const EMBEDDED_CLUSTER = 'embedded-cluster/';

/** The fields of a new archive: those that are given, and the others of the previous one, but not its images. */
export function mergeSpecs(previous: AirgapSpec, given: AirgapSpec): AirgapSpec {
  const fields = Object.entries(given).filter(([, value]) => value !== undefined);
  const { savedImages: _images, uncompressedSize: _size, ...inherited } = previous;
  return { ...inherited, ...Object.fromEntries(fields) };
}

/** The entries that embedded-cluster reads, which only Replicated makes. */
export function embeddedClusterEntries(archive: Archive): ArchiveEntry[] {
  return [...archive.entries.values()]
    .filter(({ name }) => name.startsWith(EMBEDDED_CLUSTER))
    .map(entry => ({
      name: entry.name,
      size: entry.size,
      content: { kind: 'file', file: archive.open(entry) },
    }));
}

/** The release of a previous archive, if it has one. @throws AirgapError `BUNDLE`, `INPUT` when it is too large */
export async function previousRelease(archive: Archive): Promise<Buffer | undefined> {
  const entry = archive.entries.get(APP_ARCHIVE);
  if (!entry) return undefined;
  checkReleaseSize(entry.size, APP_ARCHIVE);
  return archive.read(entry);
}
