import { stringify } from 'yaml';
import { compareText } from '../model/text-order.ts';
import { aliasesOf } from '../reference/aliases.ts';
import type { Reference } from '../reference/reference.ts';
import type { RenamedImage } from './renamed-image.ts';

/** One replacement: whatever tag or digest an image has stays. */
interface Entry {
  readonly name: string;
  readonly newName: string;
}

/**
 * Writes an `images:` list for a kustomization. kustomize compares names as the specs write them, so that each
 * spelling has an entry of its own.
 */
export function kustomizeImages(images: readonly RenamedImage[]): string {
  const renames = new Map(images.map(({ name, newName }) => [name.name, { name, newName }]));
  const entries = [...renames.values()].sort(inOrder).flatMap(entriesOf);
  const names = entries.map(({ name }) => name);
  const safe = entries.map(({ name, newName }) => ({ name: patternOf(name, names), newName }));
  return stringify({ images: safe }, { lineWidth: 0, indentSeq: false });
}

function entriesOf({ name, newName }: { name: Reference; newName: Reference }): Entry[] {
  return aliasesOf(name).map(spelling => ({ name: spelling, newName: newName.name }));
}

/** kustomize makes the replacements one after the other: what another one leads to must be behind it. */
function inOrder(
  a: { name: Reference; newName: Reference },
  b: { name: Reference; newName: Reference },
): number {
  const depth = ({ name, newName }: { name: Reference; newName: Reference }) =>
    name.registry === newName.registry ? newName.name.length : 0;
  return depth(b) - depth(a) || compareText(a.name.name, b.name.name);
}

/** kustomize takes a name as a regular expression; it is escaped only where that makes a difference. */
function patternOf(name: string, names: readonly string[]): string {
  const unescaped = new RegExp(`^${name}$`);
  const isPlain = !name.includes('[') && !names.some(other => other !== name && unescaped.test(other));
  return isPlain ? name : name.replace(/[.[\]]/g, '\\$&');
}
