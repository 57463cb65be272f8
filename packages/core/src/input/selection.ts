import type { AirgapError } from '../model/errors.ts';
import type { Position } from '../model/position.ts';
import { ImagePatterns } from '../reference/image-patterns.ts';
import { Reference } from '../reference/reference.ts';
import type { Spec, UnreadImage, UsedImage } from './model/spec.ts';

/** An entry of `include:` and where it is written. */
export interface IncludeEntry {
  /** An image, or a pattern with `*` for strings that look like one. */
  readonly pattern: string;
  readonly position: Position;
}

/** Which images count, beyond those that the formats read. */
export interface SelectionOptions {
  /** Also take every string that looks like an image; see `unread-image`. */
  readonly includeUnread?: boolean | undefined;
  /** Also take these images, and the strings that match these patterns. */
  readonly include?: readonly IncludeEntry[] | undefined;
  /** Leave out the images that match these patterns. */
  readonly exclude?: readonly string[] | undefined;
}

/** Adds what is included to the used images, and removes what is excluded. */
export function select(
  spec: Spec,
  { includeUnread = false, include = [], exclude = [] }: SelectionOptions,
): Spec {
  const excluded = new ImagePatterns(exclude);
  const included = new ImagePatterns(include.map(({ pattern }) => pattern));
  const isSelected = ({ image }: UsedImage | UnreadImage) => {
    if (excluded.isEmpty) return true;
    const reference = parsed(image.value);
    return reference === undefined || !excluded.matches(reference);
  };
  const isIncluded = ({ image }: UnreadImage) => {
    const reference = parsed(image.value);
    return includeUnread || (reference !== undefined && included.matches(reference));
  };
  const unread = spec.unread.filter(isSelected);
  const taken = unread.filter(isIncluded);
  const used = [...spec.used.filter(isSelected), ...taken.map(usedImage)];
  return {
    ...spec,
    excluded,
    used: [...used, ...include.flatMap(entry => namedImage(entry, used)).filter(isSelected)],
    unread: unread.filter(image => !isIncluded(image)),
  };
}

function usedImage({ isFull: _, place, ...image }: UnreadImage): UsedImage {
  return { ...image, field: place, container: undefined, pullPolicies: [], isIncluded: true };
}

/** Returns the image that an entry names in full; none for a pattern, or if the input has the image. */
function namedImage({ pattern, position }: IncludeEntry, used: readonly UsedImage[]): UsedImage[] {
  const matcher = new ImagePatterns([pattern]);
  const isPresent = used.some(({ image }) => {
    const reference = parsed(image.value);
    return reference !== undefined && matcher.matches(reference);
  });
  if (pattern.includes('*') || isPresent) return [];
  return [
    {
      image: { value: pattern, position, templated: false },
      pullPolicies: [],
      field: 'include',
      container: undefined,
      objectIndex: -1,
      apiVersion: undefined,
      kind: 'configuration',
      name: undefined,
      namespace: undefined,
      isIncluded: true,
    },
  ];
}

function parsed(text: string): Reference | undefined {
  try {
    return Reference.parse(text).canonical();
  } catch (error) {
    if ((error as AirgapError).code === 'INPUT') return undefined;
    throw error;
  }
}
