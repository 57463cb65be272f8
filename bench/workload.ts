import type { Measure } from './measure.ts';
import type { LoggingServer } from './traffic.ts';
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
}

/** One kind of work. */
export interface Workload {
  readonly number: number;
  readonly title: string;
  /** The number of runs of its contests, instead of the default. */
  readonly runs?: number;
  /** Yields its contests. The registries and directories of a contest exist only until the next one is requested. */
  contests(stage: Stage): AsyncIterable<Contest>;
}

/** The same work, done by several programs in turn. */
export interface Contest {
  /** One for each time that the work is done in a turn: each is a result of its own. */
  readonly titles: readonly string[];
  readonly workDir: WorkDir;
  readonly entrants: readonly Entrant[];
  /** The server whose requests are counted. */
  readonly server?: LoggingServer;
}

/** A program that does the work. */
export interface Entrant {
  readonly name: string;
  /**
   * `variant` is another way of airgap, which is shown and not ranked; `floor` is a lower bound: the same work with the
   * simplest tools.
   */
  readonly kind: 'ours' | 'variant' | 'peer' | 'floor';
  readonly command: readonly string[];
  /** How often the command repeats the work. Measurements are divided by it. Default 1. */
  readonly repeat?: number;
  /** Its output file. */
  readonly file?: string;
  /** Runs before the measurement. */
  prepare?(): Promise<unknown>;
  /** Further measurements of the run. */
  more?(): Partial<Measure>;
  /** Runs after the measurement. Throws if the result is wrong. */
  check?(): Promise<unknown>;
}
