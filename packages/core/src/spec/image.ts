import type { Position } from '../position.ts';
import type { Text } from './document.ts';
import type { SourceText } from './source.ts';

/** An image that somebody put on a list for the bundle. */
export interface ListedImage {
  /** A Replicated `images:` section, a native component's container, or a line of a text list. */
  readonly form: 'images' | 'component' | 'list';
  /** `replicated`, `public`, or the name of a third-party registry. */
  readonly source: string;
  readonly name: string;
  readonly tag: string | undefined;
  /** Where the entry's name stands. */
  readonly position: Position;
  readonly sourcePosition: Position;
  readonly tagPosition: Position;
}

/** A container or a service that runs an image. */
export interface UsedImage {
  /** The image as it is written there. */
  readonly image: Text;
  readonly pullPolicy: Text | undefined;
  /** The list that it is in, for example `initContainers`. */
  readonly list: string;
  readonly container: string | undefined;
  /** The workload's API version; nothing for a Swarm service. */
  readonly apiVersion: string | undefined;
  /** The workload's kind, for example `Deployment`. */
  readonly kind: string;
  readonly workload: string | undefined;
  readonly namespace: string | undefined;
}

/** Everything about images that the sources say. */
export interface Spec {
  readonly sources: readonly SourceText[];
  readonly listed: readonly ListedImage[];
  readonly used: readonly UsedImage[];
}
