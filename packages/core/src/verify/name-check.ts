import type { NamedDescriptor } from '../layout/document-reader.ts';
import { NAME_ANNOTATIONS, RESOLVED_ANNOTATION, readName } from '../layout/names.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { isDigest } from '../oci/digest.ts';
import type { Problem } from './problem.ts';

/** Checks that each name is unique, canonical and the same in all annotations. */
export function checkNames(names: readonly NamedDescriptor[], problems: Problem[]): void {
  const seen = new Set<string>();
  for (const { name, descriptor } of names) {
    const message = nameProblem(name, descriptor, seen);
    if (message) problems.push({ message, entry: 'index.json' });
    if (name !== undefined) seen.add(name);
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
