import type { NamedImage } from '../layout/names.ts';
import { AirgapError } from '../model/errors.ts';
import type { Reference } from '../reference/reference.ts';
import { type Naming, relocate, type TargetLocation } from '../reference/relocation.ts';

/** An image of a bundle and its reference at the target. */
export interface ImageMapping extends NamedImage {
  readonly to: Reference;
}

export interface MappingOptions {
  readonly target: TargetLocation;
  readonly naming: Naming;
  /** What to do about names that collide, as one imperative sentence. */
  readonly collisionHint?: string | undefined;
}

const NAMING_HINT = 'Use --naming host to keep the hosts apart, or load the images separately with --images.';

/**
 * Maps the images of a bundle to references at the target.
 *
 * @throws AirgapError `INPUT` when two different images map to one reference, or a mapped reference is invalid
 */
export function mapImages(images: readonly NamedImage[], options: MappingOptions): ImageMapping[] {
  const mappings = images.map(({ name, root }) => ({
    name,
    root,
    to: relocate(name, options.target, options.naming),
  }));
  checkCollisions(mappings, options.collisionHint ?? NAMING_HINT);
  return mappings;
}

function checkCollisions(mappings: readonly ImageMapping[], hint: string): void {
  const byReference = new Map<string, ImageMapping>();
  const collisions: AirgapError[] = [];
  for (const mapping of mappings) {
    const reference = mapping.to.toString();
    const other = byReference.get(reference);
    if (other && other.root.digest !== mapping.root.digest) collisions.push(collision(other, mapping, hint));
    else byReference.set(reference, mapping);
  }
  if (collisions.length > 0)
    throw AirgapError.all(collisions, `${collisions.length} names collide at the target`);
}

function collision(first: ImageMapping, second: ImageMapping, hint: string): AirgapError {
  return new AirgapError('INPUT', `${first.name} and ${second.name} would both be ${first.to}`, { hint });
}
