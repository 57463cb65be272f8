import { isScalar } from 'yaml';
import { contentOf, keyOf, pairsOf } from '../../edit/mapping.ts';
import type { Place, YamlText } from '../../edit/yaml-text.ts';
import type { Fix, FixEdit } from './fix.ts';

/** `version:` in an `images:` entry, which nothing reads, becomes `tag:`. */
export const ignoredVersionFix: Fix = {
  id: 'ignored-version',
  *edits(subject) {
    for (const { position } of subject.findings) {
      const text = subject.text(position.file);
      const place = text?.placeAt(position);
      // A merge key may bring a tag from elsewhere, and an alias may bring this version to a component.
      if (subject.listedAt(position).some(({ form, tag }) => form !== 'images' || tag !== undefined))
        continue;
      if (text && place) yield* renameVersion(text, place, position.file);
    }
  },
};

function* renameVersion(text: YamlText, place: Place, file: string): Generator<FixEdit> {
  const { document, pair } = place;
  // A tag that is there, even if it is empty, would stand there twice.
  const isAlone = pairsOf(place, 'version').length === 1 && pairsOf(place, 'tag').length === 0;
  if (!isAlone || keyOf(pair) !== 'version' || !isScalar(pair.value)) return;
  const content = contentOf(text, pair.key);
  const value = document.text(pair.value);
  if (content && value && !value.templated)
    yield { ...content, text: 'tag', file, message: 'rename version: to tag:' };
}
