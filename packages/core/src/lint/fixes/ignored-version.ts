import { isScalar } from 'yaml';
import { contentOf, keyOf, pairsOf } from '../../edit/mapping.ts';
import type { Place, YamlText } from '../../edit/yaml-text.ts';
import type { Fix, FixEdit } from './fix.ts';

/** Renames `version:` in an `images:` entry, which has no effect, to `tag:`. */
export const ignoredVersionFix: Fix = {
  id: 'ignored-version',
  *edits(context) {
    for (const { position } of context.findings) {
      const text = context.text(position.file);
      const place = text?.placeAt(position);
      // A merge key may add a tag, and an alias may share this version with a component.
      if (context.listedAt(position).some(({ form, tag }) => form !== 'images' || tag !== undefined))
        continue;
      if (text && place) yield* renameVersion(text, place, position.file);
    }
  },
};

function* renameVersion(text: YamlText, place: Place, file: string): Generator<FixEdit> {
  const { document, pair } = place;
  // With an existing tag:, even an empty one, the key would be a duplicate.
  const isOnlyKey = pairsOf(place, 'version').length === 1 && pairsOf(place, 'tag').length === 0;
  if (!isOnlyKey || keyOf(pair) !== 'version' || !isScalar(pair.value)) return;
  const content = contentOf(text, pair.key);
  const value = document.text(pair.value);
  if (content && value && !value.templated)
    yield { ...content, text: 'tag', file, message: 'rename version: to tag:' };
}
