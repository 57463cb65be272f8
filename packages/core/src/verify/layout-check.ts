import type { Layout, NamedDescriptor } from '../layout/layout.ts';
import { checkDocuments } from './document-check.ts';
import { checkNames } from './name-check.ts';
import type { Problem } from './problem.ts';
import { ReferenceCheck } from './reference-check.ts';

/**
 * Checks everything but the bytes of layers: names, documents, and that all references resolve.
 *
 * @returns the names
 * @throws AirgapError `BUNDLE` when a document cannot be read
 */
export async function checkLayout(layout: Layout, problems: Problem[]): Promise<readonly NamedDescriptor[]> {
  const names = await layout.names();
  checkNames(layout, names, problems);
  await checkDocuments(layout, names, problems);
  await new ReferenceCheck(layout, problems).check(names);
  return names;
}
