import { AirgapError } from '../model/errors.ts';
import { Reference } from '../reference/reference.ts';

/** An image's name in parts; `name` is the complete text if it is not a reference. */
export interface ImageName {
  /** Host and repository. */
  readonly name: string;
  readonly tag: string | undefined;
}

/** Splits the name of an image. */
export function splitName(text: string): ImageName {
  const reference = parse(text);
  return reference ? { name: reference.name, tag: reference.tag } : { name: text, tag: undefined };
}

/**
 * The package URL of an image (purl-spec, type `oci`); undefined for a name that is not a reference.
 *
 * @example
 * packageUrl('quay.io/team/app:1', 'sha256:…'); // pkg:oci/app@sha256%3A…?repository_url=quay.io%2Fteam%2Fapp&tag=1
 */
export function packageUrl(text: string, digest: string): string | undefined {
  const reference = parse(text);
  if (reference === undefined) return undefined;
  const [name = ''] = reference.repository.split('/').slice(-1);
  const qualifiers = [`repository_url=${encodeURIComponent(reference.name)}`];
  if (reference.tag !== undefined) qualifiers.push(`tag=${encodeURIComponent(reference.tag)}`);
  return `pkg:oci/${encodeURIComponent(name)}@${encodeURIComponent(digest)}?${qualifiers.join('&')}`;
}

function parse(text: string): Reference | undefined {
  try {
    return Reference.parse(text);
  } catch (error) {
    if (error instanceof AirgapError) return undefined;
    throw error;
  }
}
