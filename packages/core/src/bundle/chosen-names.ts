import { AirgapError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { Reference } from '../reference/reference.ts';
import type { NamedDescriptor } from './reader.ts';

/** A name of a bundle, and what it stands for there. */
export interface NamedImage {
  readonly name: Reference;
  readonly root: Descriptor;
}

/**
 * The names of a bundle that match one of the patterns, in the bundle's order.
 *
 * @param patterns `*` stands for anything; all names when left out
 * @throws AirgapError `USAGE` when a pattern matches nothing, `BUNDLE` for an image without a name
 */
export function chooseNames(
  names: readonly NamedDescriptor[],
  patterns: readonly string[] = ['*'],
): NamedImage[] {
  const named = names.map(({ name, descriptor }) => ({ name: nameOf(name, descriptor), root: descriptor }));
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

function nameOf(name: string | undefined, { digest }: Descriptor): Reference {
  if (name !== undefined) return Reference.parse(name).canonical();
  throw new AirgapError('BUNDLE', 'an image of the bundle has no name', {
    where: { digest },
    hint: 'Load a bundle that airgap build has written.',
  });
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
