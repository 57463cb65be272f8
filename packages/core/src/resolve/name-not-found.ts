import { AirgapError } from '../model/errors.ts';
import { nearTags } from '../reference/near-tags.ts';
import type { Reference } from '../reference/reference.ts';
import type { ImageSource } from '../store/image-source.ts';

/** Makes the error for a name that a source does not have, with the nearest tags as far as the source lists them. */
export async function nameNotFound(source: ImageSource, name: Reference): Promise<AirgapError> {
  const tag = name.digest === undefined ? name.effectiveTag : undefined;
  const tags = await source.tags?.();
  const where = { image: name.toString(), ...source.origin };
  if (tags === 'unknown repository')
    return new AirgapError('NOT_FOUND', `there is no repository ${name.name}`, {
      where,
      hint: 'Check the name; without credentials, a registry may hide private repositories this way.',
    });
  if (tag === undefined || tags === undefined)
    return new AirgapError(
      'NOT_FOUND',
      `${name.name} has no ${tag ? `tag ${tag}` : `manifest ${name.digest}`}`,
      {
        where,
        hint: 'Check the name and the tag; without credentials, a registry may hide private images this way.',
      },
    );
  const near = nearTags(tag, tags);
  const available = near.length > 0 ? near.join(', ') : 'no tag like it';
  return new AirgapError('NOT_FOUND', `${name.name} has no tag ${tag}; it has ${available}`, {
    where,
    hint: 'Correct the tag, or push the image.',
  });
}
