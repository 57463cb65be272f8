import type { Range } from '../../store/ranges.ts';

/** One version of an object on a web server or in an object store. */
export interface StoredObject extends AsyncDisposable {
  /** The URL without secrets, for errors. */
  readonly location: string;
  /** In bytes. */
  readonly size: number;
  /**
   * Fetches a range; what broke off is resumed.
   *
   * @param into has the size of the range
   * @throws AirgapError `REGISTRY` when the object was replaced since it was opened, `DENIED`, `NETWORK`
   */
  fetch(range: Range, into: Uint8Array, signal?: AbortSignal): Promise<void>;
}

/** An object that was opened, and its first bytes, which came with the answer. */
export interface OpenedObject {
  readonly object: StoredObject;
  readonly start: Buffer;
}

/** How many bytes the first request fetches: enough for the documents and manifests of some hundred images. */
export const START_SIZE = 1024 * 1024;
