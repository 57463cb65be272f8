import { isAlias, isScalar, type Node } from 'yaml';
import type { Edit } from '../edit/edit.ts';
import { contentOf } from '../edit/mapping.ts';
import type { YamlText } from '../edit/yaml-text.ts';
import type { UsedImage } from '../input/model/spec.ts';
import { AirgapError } from '../model/errors.ts';
import type { Renames } from './renames.ts';
import type { Skipped } from './skipped.ts';

/** Gives an image its new name at the place that names it, or says why it stays as it is. */
export function imageEdit(text: YamlText, { image }: UsedImage, renames: Renames): Edit | Skipped {
  const left = (reason: string) => ({ message: `${image.value} ${reason}`, position: image.position });
  if (image.templated) return left('is known only when its template is filled in');
  const newName = newNameOf(image.value, renames);
  if (newName instanceof AirgapError) return left('is no image reference');
  if (newName === undefined) return left('was not loaded');
  const value = text.valueAt(image.position);
  const place = isAlias(value) ? rangeOf(value) : (contentOf(text, value) ?? blockContentOf(text, value));
  if (!place) return left('is written in a form that cannot be edited');
  return { ...place, text: isQuoted(value) ? newName : plainOrQuoted(newName) };
}

function newNameOf(image: string, renames: Renames): string | AirgapError | undefined {
  try {
    return renames.of(image);
  } catch (error) {
    if (error instanceof AirgapError) return error;
    throw error;
  }
}

/** An alias gives way to the name: its anchor may stand where no image is. */
function rangeOf(node: Node | undefined): { start: number; end: number } | undefined {
  return node?.range ? { start: node.range[0], end: node.range[1] } : undefined;
}

/** The one line of a value that is written below its key. */
function blockContentOf(
  { text }: YamlText,
  node: Node | undefined,
): { start: number; end: number } | undefined {
  if (!isScalar(node) || !node.type?.startsWith('BLOCK') || !node.range) return undefined;
  const [offset, end] = node.range;
  const [, header = '', line] = /^([^\n]*\n\s*)(\S+)\s*$/.exec(text.slice(offset, end)) ?? [];
  const start = offset + header.length;
  return line === undefined ? undefined : { start, end: start + line.length };
}

function isQuoted(node: Node | undefined): boolean {
  return isScalar(node) && node.type !== 'PLAIN';
}

/** An IPv6 host would begin a list. */
function plainOrQuoted(name: string): string {
  return name.startsWith('[') ? JSON.stringify(name) : name;
}
