import { DOCUMENTS, ociLayout } from '../layout/documents.ts';
import type { Layout, NamedDescriptor } from '../layout/layout.ts';
import { NAME_ANNOTATIONS, RESOLVED_ANNOTATION } from '../layout/names.ts';
import { offsetOf, type Problem } from './problem.ts';

/** The keys that a build writes into an index, a descriptor, a platform and annotations. */
const INDEX_KEYS = new Set(['schemaVersion', 'mediaType', 'manifests']);
const DESCRIPTOR_KEYS = new Set(['mediaType', 'digest', 'size', 'platform', 'annotations']);
const PLATFORM_KEYS = new Set(['os', 'architecture', 'variant', 'os.version', 'os.features']);
const ANNOTATION_KEYS = new Set<string>([...NAME_ANNOTATIONS, RESOLVED_ANNOTATION]);

/** Checks `oci-layout`, and in a bundle that the documents have the only form that a build writes. */
export async function checkDocuments(
  layout: Layout,
  names: readonly NamedDescriptor[],
  problems: Problem[],
): Promise<void> {
  const version = (await layout.document('oci-layout')) as { imageLayoutVersion?: unknown } | null;
  if (version?.imageLayoutVersion !== '1.0.0')
    problems.push({ message: 'expected image layout version 1.0.0', entry: 'oci-layout' });
  else if (layout.form === 'bundle' && !ociLayout().equals(await layout.documentBytes('oci-layout')))
    problems.push({ message: `expected exactly ${ociLayout()}`, entry: 'oci-layout' });
  if (layout.form !== 'bundle') return;
  await checkIndexKeys(layout, names, problems);
  await checkCanonical(layout, problems);
}

async function checkIndexKeys(
  layout: Layout,
  names: readonly NamedDescriptor[],
  problems: Problem[],
): Promise<void> {
  const index = (await layout.document('index.json')) as object;
  const unexpected = unknownKeys(index, INDEX_KEYS).concat(
    names.flatMap(({ descriptor }) => [
      ...unknownKeys(descriptor, DESCRIPTOR_KEYS),
      ...unknownKeys(descriptor.platform ?? {}, PLATFORM_KEYS),
      ...unknownKeys(descriptor.annotations ?? {}, ANNOTATION_KEYS),
    ]),
  );
  if (unexpected.length > 0)
    problems.push({ message: `unexpected keys: ${unexpected.join(', ')}`, entry: 'index.json' });
  if (!Object.hasOwn(index, 'mediaType'))
    problems.push({ message: 'mediaType is missing', entry: 'index.json' });
}

function unknownKeys(fields: object, known: ReadonlySet<string>): string[] {
  return Object.keys(fields).filter(key => !known.has(key));
}

/** No digest covers the documents, but their canonical form is known. */
async function checkCanonical(layout: Layout, problems: Problem[]): Promise<void> {
  for (const name of DOCUMENTS) {
    if (name === 'oci-layout') continue;
    const entry = layout.entries.get(name);
    if (!entry) continue;
    const text = (await layout.documentBytes(name)).toString('utf8');
    if (text !== JSON.stringify(await layout.document(name)))
      problems.push({ message: 'non-canonical JSON', entry: name, ...offsetOf(entry) });
  }
}
