import type { Writable } from 'node:stream';

/** An image that a runtime holds. */
export interface RuntimeImage {
  /** The digest that the runtime knows it by: its config's in Docker and podman, its manifest's or index's in containerd. */
  readonly id: string;
  /** In canonical form; empty for an image without one. */
  readonly names: readonly string[];
}

/** Writes a bundle to a runtime's standard input. */
export type WriteBundle = (stdin: Writable, signal: AbortSignal) => Promise<void>;

/** A container runtime of this machine, spoken to by its own command. */
export interface Runtime {
  /** As people call it. */
  readonly title: string;
  /** Everything that it holds. @throws AirgapError `RUNTIME` when it is not there or does not answer */
  images(signal: AbortSignal): Promise<RuntimeImage[]>;
  /** Takes a bundle of images. @throws AirgapError `RUNTIME` when it does not, and what the feed throws */
  load(feed: WriteBundle, signal: AbortSignal): Promise<void>;
  /** Takes a bundle of what cannot run, as {@link load}; a runtime that has no place for it has no such method. */
  importArtifacts?(feed: WriteBundle, signal: AbortSignal): Promise<void>;
}
