import type { AirgapError } from '../../model/errors.ts';
import type { Position } from '../../model/position.ts';
import type { ImagePatterns } from '../../reference/image-patterns.ts';
import type { SourceText } from './source-text.ts';
import type { Text } from './text.ts';

/** An image listed for the bundle. */
export interface ListedImage {
  /** A Replicated `images:` section, a native component's container, or a line of a text list. */
  readonly form: 'images' | 'component' | 'list';
  /** `replicated`, `public`, or the name of a third-party registry. */
  readonly source: string;
  readonly name: string;
  readonly tag: string | undefined;
  /** Position of the entry's name. */
  readonly position: Position;
  readonly sourcePosition: Position;
  readonly tagPosition: Position;
  /** The tag is written without quotes, so other tools may parse it as a number. */
  readonly isTagPlain?: boolean;
  /** `version:` of an `images:` entry. Only components support it; in `images:` it has no effect. */
  readonly version?: Text | undefined;
  /** `content_trust.public_key_fingerprint`. */
  readonly fingerprint?: Text | undefined;
}

/** An image used by a manifest: by a container, volume, service, collector, or custom field. */
export interface UsedImage {
  /** The image as written in the source. */
  readonly image: Text;
  /** Empty if the default policy applies; several if the branches of a template set different ones. */
  readonly pullPolicies: readonly Text[];
  /**
   * The field that holds it: `containers`, `initContainers`, `ephemeralContainers` or `volumes` of a pod, `services`,
   * `collectors`, `additionalImages`; the image path of the kind, for example `.spec.image`; or the place of an
   * included string, for example `env KAFKA_IMAGE`.
   */
  readonly field: string;
  /** Name of the container, volume or collector. */
  readonly container: string | undefined;
  /** Index of the object or service across the input, from 0; objects may have no name. */
  readonly objectIndex: number;
  /** API version of the object; undefined for a Swarm or compose service. */
  readonly apiVersion: string | undefined;
  /** Kind of the object, for example `Deployment`. */
  readonly kind: string;
  /** Name of the object or service. */
  readonly name: string | undefined;
  readonly namespace: string | undefined;
  /** Names in the `imagePullSecrets` of the pod; undefined outside a pod. */
  readonly pullSecrets?: readonly Text[] | undefined;
  /** The user includes an image that no format reads; the bundle contains it even if the input has a list. */
  readonly isIncluded?: true;
}

/** A string that looks like an image, where no format reads one. */
export interface UnreadImage
  extends Pick<UsedImage, 'image' | 'objectIndex' | 'apiVersion' | 'kind' | 'name' | 'namespace'> {
  /** Names its registry; without one, only a key or name tells that it is an image. */
  readonly isFull: boolean;
  /** Where it is in the object, for example `env KAFKA_IMAGE`, `argument --image` or `.spec.image`. */
  readonly place: string;
}

const POD_LISTS = new Set(['containers', 'initContainers', 'ephemeralContainers', 'volumes']);

/** `kind` of a service in Replicated's Swarm document. */
export const SWARM_SERVICE = 'Service (Swarm)';

/** Returns whether a kubelet pulls the image, so that a missing policy means Always for `latest`. */
export function isPodImage({ field }: UsedImage): boolean {
  return POD_LISTS.has(field);
}

/** Returns whether Replicated's Swarm scheduler runs the image. */
export function isSwarmImage({ kind }: UsedImage): boolean {
  return kind === SWARM_SERVICE;
}

/** Something about the input that the user should know, and that is not an error. */
export interface InputNote {
  readonly message: string;
  /** What to do, as one imperative sentence. */
  readonly hint: string;
  readonly position: Position;
}

/** Everything the input files state about images. */
export interface Spec {
  readonly sources: readonly SourceText[];
  readonly listed: readonly ListedImage[];
  /**
   * The input has a Replicated document. Without list entries the document must identify itself, because other files
   * have `images:` too.
   */
  readonly isReplicated: boolean;
  /** Excludes the `excludedImages` of KOTS applications. */
  readonly used: readonly UsedImage[];
  /** Strings that look like images, without those that are included or excluded. */
  readonly unread: readonly UnreadImage[];
  /** The patterns of the images that the user excludes; `used` and `unread` are without them. */
  readonly excluded: ImagePatterns;
  /** Documents and files that could not be read, each `INPUT` with its position. They may name further images. */
  readonly parseErrors: readonly AirgapError[];
  /** Charts and kustomizations that could not be rendered, each `INPUT` with its position. */
  readonly renderErrors: readonly AirgapError[];
  /** What was left out, and values that the customer may change. */
  readonly notes: readonly InputNote[];
}
