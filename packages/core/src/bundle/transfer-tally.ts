import { Layout } from '../layout/layout.ts';
import type { BlobSource } from '../store/image-source.ts';

/** Where the bytes of a build came from. All numbers are bytes. */
export interface TransferredBytes {
  /** Received from registries, repeated transfers included. */
  readonly downloaded: number;
  /** Copied from local bundles and layouts. */
  readonly reused: number;
  /** Left by an interrupted build: bytes of the partial bundle, and complete blobs of one with another plan. */
  readonly resumed: number;
  /** Written by this build: headers, documents and blobs. */
  readonly written: number;
}

/** Counts where the bytes of a build come from. */
export class TransferTally {
  readonly #previous: Layout | undefined;
  #downloaded = 0;
  #reused = 0;
  #recovered = 0;

  /** @param previous what an interrupted build of another plan has left */
  constructor(previous?: Layout) {
    this.#previous = previous;
  }

  /** Counts bytes that a source has sent. */
  readonly add = (source: BlobSource, bytes: number): void => {
    if (source === this.#previous) this.#recovered += bytes;
    else if (source instanceof Layout) this.#reused += bytes;
    else this.#downloaded += bytes;
  };

  /** @param inPlace bytes that the partial bundle has. @param other what is no blob: headers and documents */
  total(inPlace: number, other: number): TransferredBytes {
    const downloaded = this.#downloaded;
    const reused = this.#reused;
    const recovered = this.#recovered;
    const written = downloaded + reused + recovered + other;
    return { downloaded, reused, resumed: inPlace + recovered, written };
  }
}
