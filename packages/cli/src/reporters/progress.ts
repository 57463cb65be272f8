import type { AirgapEvent, Phase } from '@airgap/core';
import { Meter } from './meter.ts';

/** A blob in transfer. Sizes are bytes. */
export interface Transfer {
  readonly digest: string;
  readonly size: number;
  readonly received: number;
  readonly image?: string | undefined;
}

/** The bytes of one registry. */
interface HostProgress {
  readonly total: number;
  moved: number;
  readonly meter: Meter;
}

/** The remaining time is unknown before this time in ms, */
const MIN_ELAPSED = 2_000;
/** and before this fraction of what was missing has arrived. */
const MIN_FRACTION = 0.01;

/** Sums up events: bytes done, rate and remaining time. */
export class Progress {
  readonly transfers = new Map<string, Transfer>();
  phase: Phase | undefined;
  /** The registry of the phase, if it has one. */
  host: string | undefined;
  /** Steps of the phase so far, and in total. */
  steps = { done: 0, total: 0 };
  /** Images resolved so far, and in total. */
  resolved = 0;
  names = 0;
  /** Planned bytes and blobs, and the bytes of finished blobs. */
  total = 0;
  blobs = 0;
  finished = 0;
  /** Bytes that need no download: of an interrupted build, and of local bundles. They are no part of the rate. */
  local = 0;
  /** The local blobs that are not in transfer yet, by digest. */
  readonly #waiting = new Map<string, Transfer>();
  /** The digests of the blobs that are copied from a local bundle: all of their bytes count from the start. */
  readonly #reused = new Set<string>();
  readonly #hosts = new Map<string, HostProgress>();
  readonly #meter = new Meter();
  readonly #now: () => number;
  #started = 0;

  /** @param now returns the time in ms */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  add(event: AirgapEvent): void {
    switch (event.type) {
      case 'phase':
        this.phase = event.phase;
        this.host = event.host;
        this.steps = { done: 0, total: 0 };
        break;
      case 'step':
        this.steps = event;
        break;
      case 'resolved':
        this.resolved = event.done;
        this.names = event.total;
        break;
      case 'planned':
        this.#plan(event);
        break;
      case 'blob-resumed':
        this.local += event.received;
        this.#waiting.set(event.digest, event);
        break;
      case 'blob-reused':
        this.local += event.size - (this.#waiting.get(event.digest)?.received ?? 0);
        this.#waiting.set(event.digest, { ...event, received: event.size });
        this.#reused.add(event.digest);
        break;
      case 'blob-started':
        if (event.host !== undefined) this.#download(event);
        if (this.#reused.has(event.digest)) break;
        this.#update({ ...event, received: this.#waiting.get(event.digest)?.received ?? 0 });
        break;
      case 'blob-progress':
        if (this.#reused.has(event.digest)) break;
        this.#update({ ...this.#waiting.get(event.digest), ...this.transfers.get(event.digest), ...event });
        break;
      case 'blob-finished':
        this.#finish(event);
        break;
    }
  }

  /** A local bundle may turn out not to have the blob. */
  #download({ digest, size }: { readonly digest: string; readonly size: number }): void {
    if (!this.#reused.delete(digest)) return;
    this.local -= size;
    this.#waiting.delete(digest);
  }

  /** Bytes that are there so far, the local ones included. */
  get moved(): number {
    return this.finished + sumOf(this.transfers) + sumOf(this.#waiting);
  }

  /** The completed fraction, from 0 to 1. */
  get fraction(): number {
    return this.total > 0 ? Math.min(1, this.moved / this.total) : 1;
  }

  /** Whether work was planned and all of it is finished. */
  get complete(): boolean {
    return this.total > 0 && this.finished >= this.total;
  }

  /** Milliseconds since the work was planned. */
  get elapsed(): number {
    return this.#now() - this.#started;
  }

  /** Bytes per second over the last few seconds. Each call takes a sample. */
  rate(): number {
    this.#sample();
    return this.#meter.rate;
  }

  /**
   * Remaining time in ms, as long as the slowest registry needs: the others may have finished long before.
   *
   * @param rate bytes per second of all registries
   * @returns undefined while nothing arrives, and in the first seconds
   */
  remaining(rate: number): number | undefined {
    const arrived = this.moved - this.local;
    const isEarly = this.elapsed < MIN_ELAPSED || arrived < MIN_FRACTION * (this.total - this.local);
    if (rate <= 0 || this.total <= 0 || isEarly) return undefined;
    const hosts = [...this.#hosts.values()].map(({ total, meter }) =>
      timeFor(total - meter.last, meter.rate),
    );
    return Math.max(timeFor(this.total - this.moved, rate), ...hosts);
  }

  #plan({ bytes, blobs, hosts = {} }: Extract<AirgapEvent, { type: 'planned' }>): void {
    this.total = bytes;
    this.blobs = blobs;
    this.#started = this.#now();
    for (const [host, total] of Object.entries(hosts))
      this.#hosts.set(host, { total, moved: 0, meter: new Meter() });
    this.#sample();
  }

  #update(transfer: Transfer): void {
    this.#waiting.delete(transfer.digest);
    this.transfers.set(transfer.digest, transfer);
  }

  #finish({ digest, size }: { readonly digest: string; readonly size: number }): void {
    const transfer = this.transfers.get(digest) ?? this.#waiting.get(digest);
    const host = this.#hosts.get(hostOf(transfer));
    if (host) host.moved += size;
    this.#reused.delete(digest);
    this.#waiting.delete(digest);
    this.transfers.delete(digest);
    this.finished += size;
  }

  #sample(): void {
    const at = this.#now();
    this.#meter.sample(at, this.moved - this.local);
    if (this.#hosts.size < 2) return;
    const inTransfer = new Map<string, number>();
    for (const transfer of [...this.transfers.values(), ...this.#waiting.values()]) {
      const host = hostOf(transfer);
      inTransfer.set(host, (inTransfer.get(host) ?? 0) + transfer.received);
    }
    for (const [name, { moved, meter }] of this.#hosts) meter.sample(at, moved + (inTransfer.get(name) ?? 0));
  }
}

/** The registry in a canonical image name. */
function hostOf(transfer: Transfer | undefined): string {
  return transfer?.image?.split('/', 1)[0] ?? '';
}

function sumOf(transfers: ReadonlyMap<string, Transfer>): number {
  let sum = 0;
  for (const { received } of transfers.values()) sum += received;
  return sum;
}

/** A host that sends nothing now says nothing about its time. */
function timeFor(bytes: number, rate: number): number {
  return rate > 0 ? (Math.max(0, bytes) / rate) * 1000 : 0;
}
