import type { RegistrySettings } from '../../input/references.ts';
import { Reference } from '../../reference/reference.ts';
import { proxiedImage } from '../../reference/replicated.ts';
import { referencesWithPath } from '../rule-api/endpoint-path.ts';
import { type ImagesEntry, imagesEntryFor, registriesAt } from '../rule-api/images-entry.ts';
import type { Fix } from './fix.ts';
import type { FixContext } from './fix-context.ts';
import { ImagesList } from './images-list.ts';

/** Public registries. Images in other registries may be private, and their `source:` cannot be derived. */
const PUBLIC_HOSTS: ReadonlySet<string> = new Set([
  'docker.io',
  'gcr.io',
  'ghcr.io',
  'k8s.gcr.io',
  'lscr.io',
  'mcr.microsoft.com',
  'nvcr.io',
  'public.ecr.aws',
  'quay.io',
  'registry.access.redhat.com',
  'registry.k8s.io',
]);

/** Adds used images that are not listed, if their `source:` is certain: to the list of the file that uses them. */
export const imageNotListedFix: Fix = {
  id: 'image-not-listed',
  *edits(context) {
    for (const [file, missing] of missingByList(context)) {
      const text = context.text(file);
      const edit = text && ImagesList.find(text)?.append(missing);
      const names = missing.map(({ name, tag }) => `${name}:${tag}`).join(', ');
      if (edit) yield { ...edit, file, message: `list ${names}` };
    }
  },
};

/** Returns the missing entries of each file with a list; a file without one adds to the first list of the input. */
function missingByList(context: FixContext): Map<string, ImagesEntry[]> {
  const withList = new Set(
    context.spec.listed.filter(({ form }) => form === 'images').map(({ position }) => position.file),
  );
  const [first] = withList;
  const missing = new Map<string, ImagesEntry[]>();
  for (const { file, entry } of missingEntries(context)) {
    const target = withList.has(file) ? file : first;
    if (target !== undefined) missing.set(target, [...(missing.get(target) ?? []), entry]);
  }
  return missing;
}

function* missingEntries(context: FixContext): Generator<{ file: string; entry: ImagesEntry }> {
  const seen = new Set<string>();
  // These are listed; only their names lack the path of the endpoint.
  const listedWithPath = referencesWithPath(context.spec.listed, context.locations);
  for (const { position } of context.findings) {
    const used = context.usesAt(position)[0];
    const reference = used && Reference.parse(used.image.value).canonical();
    if (!reference || seen.has(reference.toString())) continue;
    seen.add(reference.toString());
    if (listedWithPath.has(reference.toString())) continue;
    const entry = certainEntry(reference, context.locations);
    if (entry) yield { file: position.file, entry };
  }
}

/** Returns the entry of an image if only one is possible: an entry has no digest, a host may have several names. */
function certainEntry(reference: Reference, locations: RegistrySettings): ImagesEntry | undefined {
  const proxied = proxiedImage(reference, locations);
  const { registry, repository, digest } = proxied ?? reference;
  const entry = imagesEntryFor(reference, locations);
  const names = registriesAt(registry, locations);
  if (digest !== undefined || names.length > 1 || (proxied && names.length === 0)) return undefined;
  // With Docker Hub configured, the image may be private or public.
  if (!proxied && registry === 'docker.io' && entry.source !== 'public') return undefined;
  if (entry.source === 'public' && !PUBLIC_HOSTS.has(registry)) return undefined;
  if (entry.source === 'replicated' && repository !== `${locations.app}/${entry.name}`) return undefined;
  return entry;
}
