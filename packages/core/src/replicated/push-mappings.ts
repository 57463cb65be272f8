import { type ImageMapping, mapImages } from '../copy/image-mapping.ts';
import type { NamedImage } from '../layout/names.ts';
import { AirgapError } from '../model/errors.ts';
import type { PushTarget } from './push-target.ts';

const COLLISION_HINT =
  'Push them separately with --images, one of them under another name: REGISTRY/…/NAME:TAG.';

/**
 * Maps images to their names at the target: the only image to the name that is given, others to the last component of
 * theirs.
 *
 * @throws AirgapError `USAGE` for several images and one name, `INPUT` for two images that get the same name
 */
export function pushMappings(images: readonly NamedImage[], { location, name }: PushTarget): ImageMapping[] {
  if (name === undefined)
    return mapImages(images, { target: location, naming: 'kots', collisionHint: COLLISION_HINT });
  const [first] = images;
  const roots = new Set(images.map(({ root }) => root.digest));
  if (first !== undefined && roots.size === 1) return [{ ...first, to: name }];
  throw new AirgapError('USAGE', `${name} is one name, but ${roots.size} images are to be pushed`, {
    hint: `Select one image with --images, or leave out its name: ${location.registry}/APP.`,
  });
}

/** The images that would be pushed by their digests alone, as none of their names has a tag. */
export function untagged(mappings: readonly ImageMapping[]): ImageMapping[] {
  const keyOf = ({ to, root }: ImageMapping) => `${to.repository}@${root.digest}`;
  const tagged = new Set(mappings.filter(({ to }) => to.tag !== undefined).map(keyOf));
  return mappings.filter(mapping => mapping.to.tag === undefined && !tagged.has(keyOf(mapping)));
}
