import type { WorkDir } from './work-dir.ts';

/** The directories and the scale of a bench. */
export interface Stage {
  /** Holds the data sets, which are reused by later benches. */
  readonly data: string;
  /** A directory on tmpfs. */
  readonly memory: string;
  /** A directory on a real disk. */
  readonly disk: string;
  /** Factor for sizes and numbers of images. */
  readonly scale: number;
  /** Whether to also measure the points of the chart. */
  readonly curves: boolean;
}

/** One kind of work. */
export interface Workload {
  readonly number: number;
  readonly title: string;
  /** Yields its contests. The registries and directories of a contest exist only until the next one is requested. */
  contests(stage: Stage): AsyncIterable<Contest>;
}

/** The same work, done by several programs in turn. */
export interface Contest {
  readonly title: string;
  readonly workDir: WorkDir;
  readonly entrants: readonly Entrant[];
  /** Its position in the chart. */
  readonly point?: Point;
}

/** A position on an axis of the chart. */
export interface Point {
  readonly axis: 'bytes' | 'images';
  readonly at: number;
}

/** A program that does the work. */
export interface Entrant {
  readonly name: string;
  /** `floor` is a lower bound: the same work with the simplest tools. */
  readonly kind: 'ours' | 'peer' | 'floor';
  readonly command: readonly string[];
  /** How often the command repeats the work. Measurements are divided by it. Default 1. */
  readonly repeat?: number;
  /** Its output file. */
  readonly file?: string;
  /** Runs before the measurement. */
  prepare?(): Promise<unknown>;
  /** Runs after the measurement. Throws if the result is wrong. */
  check?(): Promise<unknown>;
}
