import type { Writable } from 'node:stream';
import type { PlatformChoice } from '../oci/platform.ts';
import type { ReadOutput } from '../process/run-program.ts';

/** An image in a runtime. */
export interface RuntimeImage {
  /** The image ID: the digest of the config in Docker and podman, of the manifest or index in containerd. */
  readonly id: string;
  /** Canonical names; empty for an untagged image. */
  readonly names: readonly string[];
  /** About how much its export takes, in bytes: what the runtime says, which is rounded. */
  readonly size: number;
}

/** What a runtime exports. */
export interface ExportRequest {
  /** Canonical names of its images; at least one. */
  readonly names: readonly string[];
  /** Of an index, the platforms to export; runtimes that store one platform ignore it. */
  readonly platforms: PlatformChoice;
}

/** Writes a bundle to a runtime's standard input. */
export type WriteBundle = (stdin: Writable, signal: AbortSignal) => Promise<void>;

/** A container runtime on this machine, used through its own command. */
export interface Runtime {
  /** Display name. */
  readonly title: string;
  /** Whether it always exports the manifests that it imported or pulled. */
  readonly keepsManifests: boolean;
  /** Lists all images. @throws AirgapError `RUNTIME` when the runtime is not installed or fails */
  images(signal: AbortSignal): Promise<RuntimeImage[]>;
  /** Loads a bundle of images. @throws AirgapError `RUNTIME` when the runtime fails, and what `writeBundle` throws */
  load(writeBundle: WriteBundle, signal: AbortSignal): Promise<void>;
  /** Exports images as one tar: an OCI layout, or a docker archive. @throws AirgapError `RUNTIME`, and what `output` throws */
  export(request: ExportRequest, output: ReadOutput, signal: AbortSignal): Promise<void>;
  /** Imports a bundle of artifacts, like {@link load}; undefined for a runtime that cannot store artifacts. */
  importArtifacts?(writeBundle: WriteBundle, signal: AbortSignal): Promise<void>;
}
