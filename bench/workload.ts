import type { Place } from './place.ts';

/** Where a bench makes its data and its files, and how large. */
export interface Stage {
  /** Keeps the data from one bench to the next. */
  readonly data: string;
  /** A folder in memory. */
  readonly memory: string;
  /** A folder on a real disk. */
  readonly disk: string;
  /** Sizes and numbers of images are multiplied by this. */
  readonly scale: number;
  /** Whether to measure the points of the chart as well. */
  readonly curves: boolean;
}

/** One kind of work. */
export interface Workload {
  readonly number: number;
  readonly title: string;
  /** What its contests need (registries, folders) stands only until the next is asked for. */
  contests(stage: Stage): AsyncIterable<Contest>;
}

/** The same work for several programs, in turn. */
export interface Contest {
  readonly title: string;
  readonly place: Place;
  readonly entrants: readonly Entrant[];
  /** Where it stands in the chart. */
  readonly point?: Point;
}

/** What a curve of the chart goes along: bytes, or images. */
export interface Point {
  readonly axis: 'bytes' | 'images';
  readonly at: number;
}

/** A program's way of doing the work. */
export interface Entrant {
  readonly name: string;
  /** The floor is what the machine can do at best, by the plainest means. */
  readonly kind: 'ours' | 'peer' | 'floor';
  readonly command: readonly string[];
  /** How often the command does the work: what it took is divided by that. Default 1. */
  readonly repeat?: number;
  /** The one file that it makes. */
  readonly file?: string;
  /** Before the clock starts. */
  prepare?(): Promise<unknown>;
  /** After it has stopped. Throws when what came of it is not right. */
  check?(): Promise<unknown>;
}
