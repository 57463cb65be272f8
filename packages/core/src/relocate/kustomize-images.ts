import { stringify } from 'yaml';
import { compareText } from '../model/text-order.ts';
import { aliasesOf } from '../reference/aliases.ts';
import type { Reference } from '../reference/reference.ts';
import type { RenamedImage } from './renamed-image.ts';

/** One entry of the `images:` list; kustomize keeps the tag or digest of the image. */
interface Entry {
  readonly name: string;
  readonly newName: string;
}

/**
 * Renders an `images:` list for a kustomization. kustomize compares names literally, so each alias of a name has its
 * own entry.
 */
export function kustomizeImages(images: readonly RenamedImage[]): string {
  const renames = new Map(images.map(({ name, newName }) => [name.name, { name, newName }]));
  const entries = [...renames.values()].sort(byReplacementOrder).flatMap(entriesOf);
  const names = entries.map(({ name }) => name);
  const escaped = entries.map(({ name, newName }) => ({ name: patternOf(name, names), newName }));
  return stringify({ images: escaped }, { lineWidth: 0, indentSeq: false });
}

function entriesOf({ name, newName }: { name: Reference; newName: Reference }): Entry[] {
  return aliasesOf(name).map(alias => ({ name: alias, newName: newName.name }));
}

/** kustomize applies the entries in order: a name that is the result of another entry must come before that entry. */
function byReplacementOrder(
  a: { name: Reference; newName: Reference },
  b: { name: Reference; newName: Reference },
): number {
  const depth = ({ name, newName }: { name: Reference; newName: Reference }) =>
    name.registry === newName.registry ? newName.name.length : 0;
  return depth(b) - depth(a) || compareText(a.name.name, b.name.name);
}

/** kustomize treats a name as a regular expression; a name is escaped only if it would match another one. */
function patternOf(name: string, names: readonly string[]): string {
  const unescaped = new RegExp(`^${name}$`);
  const isPlain = !name.includes('[') && !names.some(other => other !== name && unescaped.test(other));
  return isPlain ? name : name.replace(/[.[\]]/g, '\\$&');
}
