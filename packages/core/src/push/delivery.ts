import type { NamedDescriptor } from '../bundle/reader.ts';
import { AirgapError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { Reference } from '../reference/reference.ts';
import { type Naming, retarget, type Target } from '../reference/target.ts';

/** One name of a bundle and where it goes. */
export interface Delivery {
  readonly name: Reference;
  readonly to: Reference;
  readonly root: Descriptor;
}

export interface DeliveryOptions {
  readonly target: Target;
  readonly naming: Naming;
  /** Names to take, `*` stands for anything; all when left out. */
  readonly images?: readonly string[] | undefined;
}

/**
 * Says where every name of a bundle goes.
 *
 * @throws AirgapError `INPUT` when two images would have one name, or a name cannot be one there; `USAGE` when a
 * pattern matches nothing
 */
export function deliveriesOf(names: readonly NamedDescriptor[], options: DeliveryOptions): Delivery[] {
  const named = names.map(({ name, descriptor }) => ({ name: nameOf(name, descriptor), root: descriptor }));
  const chosen = choose(named, options.images);
  const deliveries = chosen.map(({ name, root }) => ({
    name,
    root,
    to: retarget(name, options.target, options.naming),
  }));
  checkCollisions(deliveries, options.naming);
  return deliveries;
}

function nameOf(name: string | undefined, { digest }: Descriptor): Reference {
  if (name !== undefined) return Reference.parse(name).canonical();
  throw new AirgapError('BUNDLE', 'an image of the bundle has no name', {
    where: { digest },
    hint: 'Load a bundle that airgap build has written.',
  });
}

function choose<T extends { readonly name: Reference }>(
  named: readonly T[],
  patterns: readonly string[] = ['*'],
): T[] {
  const matchers = patterns.map(pattern => {
    const matches = matcher(pattern);
    if (!named.some(({ name }) => matches(name)))
      throw new AirgapError('USAGE', `no image of the bundle is called ${JSON.stringify(pattern)}`, {
        hint: "airgap inspect lists the names; * stands for anything: --images '*/team/*'.",
      });
    return matches;
  });
  return named.filter(({ name }) => matchers.some(matches => matches(name)));
}

/** A pattern is for the whole canonical name; one without a star may be as short as in a pod spec. */
function matcher(pattern: string): (name: Reference) => boolean {
  if (!pattern.includes('*')) {
    const wanted = Reference.parse(pattern).toString();
    return name => name.toString() === wanted;
  }
  const parts = pattern.split('*').map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const expression = new RegExp(`^${parts.join('.*')}$`);
  return name => expression.test(name.toString());
}

function checkCollisions(deliveries: readonly Delivery[], naming: Naming): void {
  const taken = new Map<string, Delivery>();
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

function collision(one: Delivery, other: Delivery): AirgapError {
  return new AirgapError('INPUT', `${one.name} and ${other.name} would both be ${one.to}`, {
    hint: 'Use --naming host, which keeps them apart, or load them in two goes with --images.',
  });
}
