import type { BundleReader } from '../bundle/reader.ts';
import type { NamedDescriptor } from '../layout/document-reader.ts';
import { DOCUMENTS } from '../layout/documents.ts';
import { NAME_ANNOTATIONS, RESOLVED_ANNOTATION } from '../layout/names.ts';
import type { PlacedEntry } from '../tar/walk.ts';
import type { Problem } from './problem.ts';

/** The keys that a build writes into an index, a descriptor, a platform and annotations. */
const INDEX_KEYS = new Set(['schemaVersion', 'mediaType', 'manifests']);
const DESCRIPTOR_KEYS = new Set(['mediaType', 'digest', 'size', 'platform', 'annotations']);
const PLATFORM_KEYS = new Set(['os', 'architecture', 'variant']);
const ANNOTATION_KEYS = new Set<string>([...NAME_ANNOTATIONS, RESOLVED_ANNOTATION]);

/** Checks `oci-layout` and `index.json`, except names and digests: required keys, unexpected keys, canonical JSON. */
export async function checkDocuments(
  bundle: BundleReader,
  entries: ReadonlyMap<string, PlacedEntry>,
  names: readonly NamedDescriptor[],
  problems: Problem[],
): Promise<void> {
  const layout = (await bundle.document(entries, 'oci-layout')) as { imageLayoutVersion?: unknown } | null;
  if (layout?.imageLayoutVersion !== '1.0.0')
    problems.push({ message: 'expected image layout version 1.0.0', entry: 'oci-layout' });
  const index = (await bundle.document(entries, 'index.json')) as object;
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
  await checkCanonical(bundle, entries, problems);
}

function unknownKeys(fields: object, known: ReadonlySet<string>): string[] {
  return Object.keys(fields).filter(key => !known.has(key));
}

/** No digest covers the documents, but their canonical form is known. */
async function checkCanonical(
  bundle: BundleReader,
  entries: ReadonlyMap<string, PlacedEntry>,
  problems: Problem[],
): Promise<void> {
  for (const name of DOCUMENTS) {
    const entry = entries.get(name);
    if (!entry) continue;
    const text = (await bundle.bytes(entry.offset, entry.size)).toString('utf8');
    if (text !== JSON.stringify(await bundle.document(entries, name)))
      problems.push({ message: 'non-canonical JSON', entry: name, offset: entry.headerOffset });
  }
}
