import type { Node } from 'yaml';
import type { ListedImage } from '../model/spec.ts';
import type { SpecDocument } from '../yaml/document.ts';

/** Returns whether a document is a Replicated one: by API version, by comment, or by a top-level `images:` list. */
export function isReplicated(document: SpecDocument): boolean {
  const { root } = document;
  if (!document.isMap(root)) return false;
  if (declaresReplicated(document)) return true;
  return (
    document.isList(document.get(root, 'images')) &&
    document.get(root, 'kind') === undefined &&
    document.get(root, 'apiVersion') === undefined
  );
}

/** Returns whether a document declares itself a Replicated document by API version or comment. */
export function declaresReplicated(document: SpecDocument): boolean {
  return Boolean(document.get(document.root, 'replicated_api_version')) || document.isMarked('replicated');
}

/**
 * Returns one reader for each entry of `images:` and of the native scheduler's `components[].containers[]`, so that an
 * invalid entry does not hide the others.
 *
 * @throws AirgapError `INPUT` for an invalid section; each reader throws it for an invalid entry
 */
export function replicatedImages(document: SpecDocument): (() => ListedImage)[] {
  const { root } = document;
  const images = entries(document, root, 'images').map(
    entry => () => listedImage(document, entry, { form: 'images', name: 'name', tag: 'tag' }),
  );
  const components = entries(document, root, 'components').flatMap(component =>
    entries(document, component, 'containers').map(
      entry => () => listedImage(document, entry, { form: 'component', name: 'image_name', tag: 'version' }),
    ),
  );
  return [...images, ...components];
}

function entries(document: SpecDocument, parent: Node | null, key: string): Node[] {
  for (const list of document.all(parent, key)) {
    if (document.text(list) === undefined && !document.isMap(list)) continue;
    throw document.error(
      `${key}: must be a list`,
      document.position(list),
      `Start each entry of ${key}: with "- ".`,
    );
  }
  return document.items(parent, key);
}

interface Fields {
  readonly form: 'images' | 'component';
  readonly name: string;
  readonly tag: string;
}

function listedImage(document: SpecDocument, entry: Node, fields: Fields): ListedImage {
  if (!document.isMap(entry)) {
    throw document.error(
      'image entry must be a mapping',
      document.position(entry),
      `Write "- ${fields.name}: redis", with source and ${fields.tag} below.`,
    );
  }
  const name = document.field(entry, fields.name);
  if (!name)
    throw document.error(
      `image entry without ${fields.name}`,
      document.position(entry),
      `Add ${fields.name}: to this entry.`,
    );
  const source = document.field(entry, 'source');
  const tag = document.field(entry, fields.tag);
  const isImages = fields.form === 'images';
  for (const text of [name, source, tag]) {
    if (text?.templated)
      throw document.error(
        `templates are not supported here: ${text.value}`,
        text.position,
        'Write the value itself: the bundle is built before templates are rendered.',
      );
  }
  return {
    form: fields.form,
    source: source?.value ?? 'public',
    name: name.value,
    tag: tag?.value,
    position: name.position,
    sourcePosition: (source ?? name).position,
    tagPosition: (tag ?? name).position,
    isTagPlain: tag !== undefined && document.isPlain(document.get(entry, fields.tag)),
    version: isImages ? document.field(entry, 'version') : undefined,
    fingerprint: document.field(document.get(entry, 'content_trust'), 'public_key_fingerprint'),
  };
}
