import type { NamedImage } from '../layout/names.ts';
import { AirgapError } from '../model/errors.ts';
import type { Reference } from '../reference/reference.ts';
import { type Naming, relocate, type TargetLocation } from '../reference/relocation.ts';

/** One name of a bundle and where it goes. */
export interface ImageMapping extends NamedImage {
  readonly to: Reference;
}

export interface MappingOptions {
  readonly target: TargetLocation;
  readonly naming: Naming;
}

/**
 * Says where names of a bundle go.
 *
 * @throws AirgapError `INPUT` when two images would have one name, or a name cannot be one there
 */
export function mapImages(names: readonly NamedImage[], options: MappingOptions): ImageMapping[] {
  const deliveries = names.map(({ name, root }) => ({
    name,
    root,
    to: relocate(name, options.target, options.naming),
  }));
  checkCollisions(deliveries, options.naming);
  return deliveries;
}

function checkCollisions(deliveries: readonly ImageMapping[], naming: Naming): void {
  const taken = new Map<string, ImageMapping>();
  const collisions: AirgapError[] = [];
  for (const delivery of deliveries) {
    const text = delivery.to.toString();
    const other = taken.get(text);
    if (other && other.root.digest !== delivery.root.digest) collisions.push(collision(other, delivery));
    else taken.set(text, delivery);
  }
  if (collisions.length > 0)
    throw AirgapError.all(collisions, `${collisions.length} names collide with --naming ${naming}`);
}

function collision(one: ImageMapping, other: ImageMapping): AirgapError {
  return new AirgapError('INPUT', `${one.name} and ${other.name} would both be ${one.to}`, {
    hint: 'Use --naming host, which keeps them apart, or load them in two goes with --images.',
  });
}
