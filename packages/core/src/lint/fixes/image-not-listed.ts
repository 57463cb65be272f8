import type { RegistrySettings } from '../../input/references.ts';
import { Reference } from '../../reference/reference.ts';
import { proxiedImage } from '../../reference/replicated.ts';
import { type ImagesEntry, imagesEntryFor, registriesAt } from '../rule-api/images-entry.ts';
import type { Fix } from './fix.ts';
import type { FixContext } from './fix-context.ts';
import { ImagesList } from './images-list.ts';
import { PUBLIC_HOSTS } from './public-hosts.ts';

/** Images that the specs use and the list lacks are added to it, where their `source:` is certain. */
export const imageNotListedFix: Fix = {
  id: 'image-not-listed',
  *edits(subject) {
    const missing = [...missingListings(subject)];
    const entry = subject.spec.listed.find(({ form }) => form === 'images');
    const text = entry && subject.text(entry.position.file);
    const edit = text && missing.length > 0 ? ImagesList.find(text)?.append(missing) : undefined;
    if (!entry || !edit) return;
    const names = missing.map(({ name, tag }) => `${name}:${tag}`).join(', ');
    yield { ...edit, file: entry.position.file, message: `list ${names}` };
  },
};

function* missingListings(subject: FixContext): Generator<ImagesEntry> {
  const seen = new Set<string>();
  for (const { position } of subject.findings) {
    const [used] = subject.usesAt(position);
    const reference = used && Reference.parse(used.image.value).canonical();
    if (!reference || seen.has(reference.toString())) continue;
    seen.add(reference.toString());
    const listing = certainListing(reference, subject.locations);
    if (listing) yield listing;
  }
}

/** The entry of an image that can have only this one: an entry has no digest, and a host may have several names. */
function certainListing(reference: Reference, locations: RegistrySettings): ImagesEntry | undefined {
  const behind = proxiedImage(reference);
  const { registry, repository, digest } = behind ?? reference;
  const listing = imagesEntryFor(reference, locations);
  const names = registriesAt(registry, locations);
  if (digest !== undefined || names.length > 1 || (behind && names.length === 0)) return undefined;
  // Who has configured Docker Hub has private images there, and uses public ones like everybody.
  if (!behind && registry === 'docker.io' && listing.source !== 'public') return undefined;
  if (listing.source === 'public' && !PUBLIC_HOSTS.has(registry)) return undefined;
  if (listing.source === 'replicated' && repository !== `${locations.app}/${listing.name}`) return undefined;
  return listing;
}
