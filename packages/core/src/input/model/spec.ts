import type { AirgapError } from '../../model/errors.ts';
import type { Position } from '../../model/position.ts';
import type { SourceText } from './source-text.ts';
import type { Text } from './text.ts';

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
  /** The tag stands there without quotes, so that other tools may read it as a number. */
  readonly isTagPlain?: boolean;
  /** A `version:`, which belongs to components: in `images:` nobody reads it. */
  readonly version?: Text | undefined;
  /** `content_trust.public_key_fingerprint`. */
  readonly fingerprint?: Text | undefined;
}

/** A place of the specs that needs an image: a container, a service, a collector, or a field that says so. */
export interface UsedImage {
  /** The image as it is written there. */
  readonly image: Text;
  /** None means the default; several stand in the branches of a template. */
  readonly pullPolicies: readonly Text[];
  /**
   * The list that it is in: `containers`, `initContainers`, `ephemeralContainers` or `volumes` of a pod, `services`,
   * `collectors`, `additionalImages`; or the path that the user gave for the kind, for example `.spec.image`.
   */
  readonly field: string;
  /** The container's, volume's or collector's name. */
  readonly container: string | undefined;
  /** Which of all objects and services it is of, counted from 0: not all of them have names. */
  readonly objectIndex: number;
  /** The object's API version; nothing for a Swarm or compose service. */
  readonly apiVersion: string | undefined;
  /** The object's kind, for example `Deployment`. */
  readonly kind: string;
  /** The object's or the service's name. */
  readonly name: string | undefined;
  readonly namespace: string | undefined;
  /** The names under `imagePullSecrets` of its pod; nothing for what is no pod. */
  readonly pullSecrets?: readonly Text[] | undefined;
}

const POD_LISTS = new Set(['containers', 'initContainers', 'ephemeralContainers', 'volumes']);

/** What `kind` says of a service in Replicated's Swarm document. */
export const SWARM_SERVICE = 'Service (Swarm)';

/** Says whether a kubelet pulls the image, so that a missing policy means Always for `latest`. */
export function isPodImage({ field }: UsedImage): boolean {
  return POD_LISTS.has(field);
}

/** Says whether Replicated's Swarm scheduler runs the image. */
export function isSwarmImage({ kind }: UsedImage): boolean {
  return kind === SWARM_SERVICE;
}

/** Everything about images that the sources say. */
export interface Spec {
  readonly sources: readonly SourceText[];
  readonly listed: readonly ListedImage[];
  /** There is a Replicated document; one that lists nothing must say so itself, for much else is called `images:`. */
  readonly isReplicated: boolean;
  /** Without those that a KOTS application excludes. */
  readonly used: readonly UsedImage[];
  /** What could not be read, each `INPUT` with its position: an image may hide in it. */
  readonly parseErrors: readonly AirgapError[];
  /** Charts and kustomizations that could not be rendered, each `INPUT` with its position. */
  readonly renderErrors: readonly AirgapError[];
}
