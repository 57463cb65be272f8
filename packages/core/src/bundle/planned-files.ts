import type { LayoutEntry, LayoutFiles } from '../layout/layout-files.ts';
import { AirgapError } from '../model/errors.ts';
import { MemoryBytes } from '../store/memory-bytes.ts';
import type { RandomAccess } from '../store/random-access.ts';
import type { BundleEntry, BundlePlan } from './entry-content.ts';

/** A bundle that is planned as the files of an OCI layout: documents, manifests and configs can be read, layers not yet. */
export class PlannedFiles implements LayoutFiles {
  readonly form = 'bundle';
  readonly location: string;
  readonly size: number;
  readonly entries: ReadonlyMap<string, BundleEntry>;

  /** @param location what the plan is for, for errors */
  constructor(plan: BundlePlan, location: string) {
    this.location = location;
    this.size = plan.size;
    this.entries = new Map(plan.entries.map(entry => [entry.name, entry]));
  }

  async open({ name }: LayoutEntry): Promise<RandomAccess> {
    const bytes = this.entries.get(name)?.content.bytes;
    if (bytes) return new MemoryBytes(Buffer.from(bytes), this.location);
    throw new AirgapError('NOT_FOUND', `${name} is not downloaded yet`, { where: { path: this.location } });
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
