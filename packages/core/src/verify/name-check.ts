import type { Layout, NamedDescriptor } from '../layout/layout.ts';
import { NAME_ANNOTATIONS, RESOLVED_ANNOTATION, readName } from '../layout/names.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { isDigest } from '../oci/digest.ts';
import type { Problem } from './problem.ts';

/** Checks that each name points to its digest, and in a bundle that it is unique, canonical and the same everywhere. */
export function checkNames(
  { isBuilt }: Pick<Layout, 'isBuilt'>,
  names: readonly NamedDescriptor[],
  problems: Problem[],
): void {
  const seen = new Set<string>();
  for (const { name, descriptor } of names) {
    const message = isBuilt ? nameProblem(name, descriptor, seen) : foreignNameProblem(name, descriptor);
    if (message) problems.push({ message, entry: 'index.json' });
    if (name !== undefined) seen.add(name);
  }
}

/** Other tools may use short names, and several times; only the digest in a name must be right. */
function foreignNameProblem(name: string | undefined, { digest }: Descriptor): string | undefined {
  if (!name?.includes('@')) return undefined;
  try {
    readName(name, { digest });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function nameProblem(
  name: string | undefined,
  { digest, annotations = {} }: Descriptor,
  seen: ReadonlySet<string>,
): string | undefined {
  if (name === undefined) return `${digest} has no name`;
  if (NAME_ANNOTATIONS.some(key => annotations[key] !== name)) return `${digest}: name annotations disagree`;
  const resolved = annotations[RESOLVED_ANNOTATION];
  if (resolved !== undefined && !isDigest(resolved)) return `${name}: invalid resolved digest: ${resolved}`;
  if (seen.has(name)) return `duplicate name ${name}`;
  try {
    const canonical = readName(name, { digest }).toString();
    return canonical === name ? undefined : `the name ${name} is not canonical: expected ${canonical}`;
  } catch (error) {
    return (error as Error).message;
  }
}
