import { isScalar } from 'yaml';
import { contentOf } from '../../edit/mapping.ts';
import type { Fix } from './fix.ts';

/** Quotes tags that other tools would parse as a number or a date. */
export const ambiguousTagFix: Fix = {
  id: 'ambiguous-tag',
  *edits(context) {
    for (const { position } of context.findings) {
      const text = context.text(position.file);
      const value = text?.placeAt(position)?.pair.value;
      if (!text || !isScalar(value) || value.type !== 'PLAIN' || value.tag !== undefined) continue;
      const content = contentOf(text, value);
      if (!content) continue;
      const tag = text.text.slice(content.start, content.end);
      yield { ...content, text: JSON.stringify(tag), file: position.file, message: `quote the tag ${tag}` };
    }
  },
};
