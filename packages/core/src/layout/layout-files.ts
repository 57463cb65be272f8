import type { RandomAccess } from '../store/random-access.ts';
import type { DeltaRecipe } from './delta-recipe.ts';

/** A file of an OCI layout, wherever it is stored. */
export interface LayoutEntry {
  /** The path in the layout, separated by `/`. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
}

/**
 * How a layout is stored. `bundle` is a tar as a build writes it, `delta` one without the layers that its base has,
 * `archive` one of another tool, `docker-archive` one without manifests, as `docker save` wrote it before docker 25, and
 * `airgap` one of KOTS.
 */
export type LayoutForm = 'bundle' | 'delta' | 'archive' | 'docker-archive' | 'directory' | 'airgap';

/** The files of an OCI layout: the entries of a tar, or a directory. */
export interface LayoutFiles extends AsyncDisposable {
  readonly form: LayoutForm;
  /** The path or URL, for errors. */
  readonly location: string;
  /** The size of the tar or of all files, in bytes. */
  readonly size: number;
  /** All files by name, in their order. */
  readonly entries: ReadonlyMap<string, LayoutEntry>;
  /** Whether its manifests were made here, because it stores images without them. */
  readonly makesManifests?: boolean;
  /** How a delta and its base make the complete bundle. */
  readonly recipe?: DeltaRecipe | undefined;
  /** The blobs that a delta leaves to its base and that no base has, by the names of their entries. */
  readonly absent?: ReadonlyMap<string, LayoutEntry> | undefined;
  /** Opens a file for reading. @throws AirgapError `INPUT` */
  open(entry: LayoutEntry): Promise<RandomAccess>;
}
