import type { Descriptor } from '../oci/descriptor.ts';
import type { Reference } from '../reference/reference.ts';
import type { PlannedEntry, TarInput, TarPlan } from '../tar/plan.ts';

/** The content of a bundle entry: bytes in memory, or a blob to fetch. */
export type EntryContent = { readonly bytes: Uint8Array } | BlobRef;

/** A blob to fetch from the repository of a name. */
export interface BlobRef {
  readonly blob: Descriptor;
  /** A name whose repository contains it. */
  readonly from: Reference;
  /** The names of the images that need it; at least one. */
  readonly images: ReadonlySet<string>;
  readonly bytes?: undefined;
}

export type BundleInput = TarInput<EntryContent>;
export type BundleEntry = PlannedEntry<EntryContent>;
/** The plan of a bundle: every header and offset. */
export type BundlePlan = TarPlan<EntryContent>;
