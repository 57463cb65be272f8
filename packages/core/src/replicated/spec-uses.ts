import type { Spec } from '../input/model/spec.ts';
import type { RegistrySettings } from '../input/references.ts';
import { toReference } from '../input/references.ts';
import { usedReference } from '../input/requests.ts';
import { AirgapError } from '../model/errors.ts';
import type { Position } from '../model/position.ts';
import type { Digest } from '../oci/digest.ts';
import type { Reference } from '../reference/reference.ts';
import { lastSegment } from '../reference/relocation.ts';
import { withoutDomain } from '../reference/replicated.ts';

/** A tag, and the digest that it points to. */
export interface TaggedDigest {
  readonly name: Reference;
  readonly digest: Digest;
}

/**
 * Refuses tags that an input still names: in a list, in a manifest, in a template, or by the digest.
 *
 * @throws AirgapError `INPUT` with every place, and with every part of the input whose images are unknown
 */
export function refuseUsed(tags: readonly TaggedDigest[], spec: Spec, settings: RegistrySettings): void {
  const unknown = [...spec.parseErrors, ...spec.renderErrors];
  if (unknown.length > 0)
    throw AirgapError.all(unknown, `${unknown.length} parts of the input cannot be read`);
  const errors = tags.flatMap(tag => usesOf(tag, spec, settings).map(position => inUse(tag.name, position)));
  if (errors.length > 0)
    throw AirgapError.all(errors, `the input still names what would be retired, ${errors.length} times`);
}

function usesOf(tag: TaggedDigest, { listed, used }: Spec, settings: RegistrySettings): Position[] {
  const wanted = withoutDomain(tag.name, settings);
  const isSame = (reference: Reference) => {
    const { name, effectiveTag, digest } = withoutDomain(reference, settings);
    return name === wanted.name && (digest === tag.digest || effectiveTag === wanted.tag);
  };
  // A template may be any host: KOTS writes the host of the customer's registry there.
  const end = `/${lastSegment(wanted)}:${wanted.tag}`;
  const inLists = listed.filter(image => isSame(toReference(image, settings)));
  const inManifests = used.filter(use =>
    use.image.templated ? use.image.value.includes(end) : isSame(usedReference(use)),
  );
  return [...inLists.map(({ position }) => position), ...inManifests.map(({ image }) => image.position)];
}

function inUse(name: Reference, position: Position): AirgapError {
  return new AirgapError('INPUT', `${name} is still in use`, {
    where: { position },
    hint: 'Name another image there first, or leave this tag out.',
  });
}
