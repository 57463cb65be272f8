import type { BundleReader } from '../bundle/reader.ts';
import type { NamedDescriptor } from '../layout/document-reader.ts';
import { DOCUMENTS } from '../layout/documents.ts';
import { NAME_ANNOTATIONS, RESOLVED_ANNOTATION } from '../layout/names.ts';
import type { PlacedEntry } from '../tar/walk.ts';
import type { Problem } from './problem.ts';

/** What a build writes into an index, a descriptor, a platform and annotations. */
const INDEX_KEYS = new Set(['schemaVersion', 'mediaType', 'manifests']);
const DESCRIPTOR_KEYS = new Set(['mediaType', 'digest', 'size', 'platform', 'annotations']);
const PLATFORM_KEYS = new Set(['os', 'architecture', 'variant']);
const ANNOTATION_KEYS = new Set<string>([...NAME_ANNOTATIONS, RESOLVED_ANNOTATION]);

/** Checks what `oci-layout` and `index.json` say, beside names and digests: all of it, and nothing else. */
export async function checkDocuments(
  bundle: BundleReader,
  entries: ReadonlyMap<string, PlacedEntry>,
  names: readonly NamedDescriptor[],
  problems: Problem[],
): Promise<void> {
  const layout = (await bundle.document(entries, 'oci-layout')) as { imageLayoutVersion?: unknown } | null;
  if (layout?.imageLayoutVersion !== '1.0.0')
    problems.push({ message: 'not version 1.0.0 of the image layout', entry: 'oci-layout' });
  const index = (await bundle.document(entries, 'index.json')) as object;
  const strange = unknownKeys(index, INDEX_KEYS).concat(
    names.flatMap(({ descriptor }) => [
      ...unknownKeys(descriptor, DESCRIPTOR_KEYS),
      ...unknownKeys(descriptor.platform ?? {}, PLATFORM_KEYS),
      ...unknownKeys(descriptor.annotations ?? {}, ANNOTATION_KEYS),
    ]),
  );
  if (strange.length > 0 || !Object.hasOwn(index, 'mediaType'))
    problems.push({ message: `it has not the keys of an index: ${strange.join(', ')}`, entry: 'index.json' });
  await checkWriting(bundle, entries, problems);
}

function unknownKeys(fields: object, known: ReadonlySet<string>): string[] {
  return Object.keys(fields).filter(key => !known.has(key));
}

/** No digest covers the documents, but there is one way to write what they say. */
async function checkWriting(
  bundle: BundleReader,
  entries: ReadonlyMap<string, PlacedEntry>,
  problems: Problem[],
): Promise<void> {
  for (const name of DOCUMENTS) {
    const entry = entries.get(name);
    if (!entry) continue;
    const text = (await bundle.bytes(entry.offset, entry.size)).toString('utf8');
    if (text !== JSON.stringify(await bundle.document(entries, name)))
      problems.push({
        message: 'it is not written as a build writes it',
        entry: name,
        offset: entry.headerOffset,
      });
  }
}
