import { Layout } from '../layout/layout.ts';
import type { BlobSource } from '../store/image-source.ts';

/** Where the bytes of a build came from. All numbers are bytes. */
export interface TransferredBytes {
  /** Received from registries, repeated transfers included. */
  readonly downloaded: number;
  /** Copied from local bundles and layouts. */
  readonly reused: number;
  /** Written by an interrupted build before. */
  readonly resumed: number;
  /** Written by this build: headers, documents and blobs. */
  readonly written: number;
}

/** Counts where the bytes of a build come from. */
export class TransferTally {
  #downloaded = 0;
  #reused = 0;

  /** Counts bytes that a source has sent. */
  readonly add = (source: BlobSource, bytes: number): void => {
    if (source instanceof Layout) this.#reused += bytes;
    else this.#downloaded += bytes;
  };

  /** @param resumed what an interrupted build has written. @param other what is no blob: headers and documents */
  total(resumed: number, other: number): TransferredBytes {
    const downloaded = this.#downloaded;
    const reused = this.#reused;
    return { downloaded, reused, resumed, written: downloaded + reused + other };
  }
}
