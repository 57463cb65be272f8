import { blobPath } from '../layout/documents.ts';
import type { LayoutEntry, LayoutFiles } from '../layout/layout-files.ts';
import { AirgapError } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { MemoryBytes } from '../store/memory-bytes.ts';
import type { RandomAccess } from '../store/random-access.ts';
import type { BlobRef, BundleEntry, BundlePlan } from './entry-content.ts';

/**
 * The bundle of a plan as a layout, without writing it: documents, manifests and configs are in memory, layers where
 * they come from.
 */
export class PlannedFiles implements LayoutFiles {
  readonly form = 'bundle';
  readonly location: string;
  readonly size: number;
  readonly entries: ReadonlyMap<string, BundleEntry>;

  /** @param location names the input, for errors */
  constructor({ entries, size }: BundlePlan, location: string) {
    this.location = location;
    this.size = size;
    this.entries = new Map(entries.map(entry => [entry.name, entry]));
  }

  /** Where a blob comes from; undefined for one in memory, and for one that the plan lacks. */
  source(blob: Descriptor): BlobRef | undefined {
    const content = this.entries.get(blobPath(blob))?.content;
    return content?.bytes === undefined ? content : undefined;
  }

  /** @throws AirgapError `NOT_FOUND` for a layer, which is only where it comes from */
  async open({ name }: LayoutEntry): Promise<RandomAccess> {
    const bytes = this.entries.get(name)?.content.bytes;
    if (bytes) return new MemoryBytes(Buffer.from(bytes), this.location);
    throw new AirgapError('NOT_FOUND', `${name} is not in memory`, {
      where: { path: this.location },
      hint: 'Build a bundle first, and use that.',
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
