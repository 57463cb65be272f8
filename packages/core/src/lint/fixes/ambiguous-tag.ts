import { isScalar } from 'yaml';
import { contentOf } from '../../edit/mapping.ts';
import type { Fix } from './fix.ts';

/** A tag that other tools would read as a number or a date is put in quotes. */
export const ambiguousTagFix: Fix = {
  id: 'ambiguous-tag',
  *edits(subject) {
    for (const { position } of subject.findings) {
      const text = subject.text(position.file);
      const value = text?.placeAt(position)?.pair.value;
      if (!text || !isScalar(value) || value.type !== 'PLAIN' || value.tag !== undefined) continue;
      const content = contentOf(text, value);
      if (!content) continue;
      const tag = text.text.slice(content.start, content.end);
      yield { ...content, text: JSON.stringify(tag), file: position.file, message: `quote the tag ${tag}` };
    }
  },
};
