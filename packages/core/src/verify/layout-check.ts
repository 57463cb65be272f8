import type { Layout, NamedDescriptor } from '../layout/layout.ts';
import { checkDocuments } from './document-check.ts';
import { checkNames } from './name-check.ts';
import type { Problem } from './problem.ts';
import { ReferenceCheck } from './reference-check.ts';

/** What {@link checkLayout} read. */
export interface CheckedLayout {
  readonly names: readonly NamedDescriptor[];
  /** What is worth knowing, and no problem. */
  readonly notices: readonly string[];
  /** Which images need which files. */
  readonly references: ReferenceCheck;
}

/**
 * Checks everything but the bytes of layers: names, documents, and that all references resolve.
 *
 * @returns the names, and notices of what is unusual
 * @throws AirgapError `BUNDLE` when a document cannot be read
 */
export async function checkLayout(layout: Layout, problems: Problem[]): Promise<CheckedLayout> {
  const names = await layout.names();
  checkNames(layout, names, problems);
  await checkDocuments(layout, names, problems);
  const references = new ReferenceCheck(layout, problems);
  return { names, notices: await references.check(names), references };
}
