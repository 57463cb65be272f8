import { isAlias, isScalar, type Node } from 'yaml';
import type { Edit } from '../edit/edit.ts';
import { contentOf } from '../edit/mapping.ts';
import type { YamlText } from '../edit/yaml-text.ts';
import type { UsedImage } from '../input/model/spec.ts';
import { AirgapError } from '../model/errors.ts';
import type { Renames } from './renames.ts';
import type { Skipped } from './skipped.ts';

/** Replaces an image reference with its new name, or returns why it is skipped. */
export function imageEdit(text: YamlText, { image }: UsedImage, renames: Renames): Edit | Skipped {
  const skip = (reason: string): Skipped => ({
    message: `${image.value} ${reason}`,
    position: image.position,
  });
  if (image.templated) return skip('is known only after its template is rendered');
  if (image.written !== undefined) return skip(`is written as ${image.written}, which is not rewritten`);
  const newName = newNameOf(image.value, renames);
  if (newName instanceof AirgapError) return skip('is not an image reference');
  if (newName === undefined) return skip('was not loaded');
  const value = text.valueAt(image.position);
  const place = isAlias(value) ? rangeOf(value) : (contentOf(text, value) ?? blockContentOf(text, value));
  if (!place) return skip('is written in a form that cannot be edited');
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

/** An alias is replaced by the name: its anchor may be a value that is not an image. */
function rangeOf(node: Node | undefined): { start: number; end: number } | undefined {
  return node?.range ? { start: node.range[0], end: node.range[1] } : undefined;
}

/** The content of a block scalar that has a single line. */
function blockContentOf(
  { text }: YamlText,
  node: Node | undefined,
): { start: number; end: number } | undefined {
  if (!isScalar(node) || !node.type?.startsWith('BLOCK') || !node.range) return undefined;
  const [offset, end] = node.range;
  const match = /^(?<header>[^\n]*\n\s*)(?<line>\S+)\s*$/.exec(text.slice(offset, end));
  if (!match?.groups) return undefined;
  const { header = '', line = '' } = match.groups;
  const start = offset + header.length;
  return { start, end: start + line.length };
}

function isQuoted(node: Node | undefined): boolean {
  return isScalar(node) && node.type !== 'PLAIN';
}

/** A plain scalar cannot start with the bracket of an IPv6 host. */
function plainOrQuoted(name: string): string {
  return name.startsWith('[') ? JSON.stringify(name) : name;
}
