import type { Position } from '../../model/position.ts';
import { Reference } from '../../reference/reference.ts';
import { proxiedImage } from '../../reference/replicated.ts';
import type { Rule } from '../rule-api/rule.ts';
import type { SpecIndex } from '../rule-api/spec-index.ts';

/** Different images that KOTS pushes with the same name. */
export const nameCollision: Rule = {
  id: 'name-collision',
  severity: 'warning',
  explanation:
    "When KOTS pushes a bundle to a customer's registry, it names each image REGISTRY/NAMESPACE/NAME:TAG, with only the " +
    'last segment of its name. Two images that differ only in the host or the other segments get the same name: the ' +
    'second overwrites the first without a warning, and a pod runs the wrong image. Images pinned by digest are pushed ' +
    'by digest and are not affected.',
  example: {
    found: `
images:
- name: quay.io/a/worker
  tag: "1.0"
- name: ghcr.io/b/worker
  tag: "1.0"
`,
    fixed: `
images:
- name: quay.io/a/worker
  tag: "1.0"
- name: ghcr.io/b/b-worker
  tag: "1.0"
`,
  },
  *check(specs) {
    const first = new Map<string, Named>();
    for (const named of everyName(specs)) {
      const { reference, position } = named;
      // A pinned image is pulled by digest, which cannot collide.
      if (reference.digest !== undefined) continue;
      const short = `${reference.repository.split('/').at(-1)}:${reference.effectiveTag}`;
      const before = first.get(short);
      if (before === undefined) first.set(short, named);
      else if (before.reference.name !== reference.name)
        yield {
          message: `KOTS pushes both ${before.reference.name} and ${reference.name} as REGISTRY/NAMESPACE/${short}: the second overwrites the first`,
          hint: 'Give one of them another name or tag.',
          position,
          related: [{ position: before.position, message: `${before.reference.name} is named here` }],
        };
    }
  },
};

interface Named {
  readonly reference: Reference;
  readonly position: Position;
}

/** Returns every image once, with the position of its first mention. */
function everyName(specs: SpecIndex): Iterable<Named> {
  const names = new Map<string, Named>();
  const add = (reference: Reference | undefined, position: Position) => {
    if (reference && !names.has(reference.toString()))
      names.set(reference.toString(), { reference, position });
  };
  for (const image of specs.spec.listed) add(located(specs.key(image)), image.position);
  for (const used of specs.spec.used) {
    const reference = specs.reference(used);
    add(reference && (proxiedImage(reference, specs.locations) ?? reference), used.image.position);
  }
  return names.values();
}

/** Returns the reference of a lookup key; undefined for an image that cannot be located. */
function located(key: string): Reference | undefined {
  return key.startsWith('/') || key.includes('…') ? undefined : Reference.parse(key);
}
