import { compareText } from '../model/text-order.ts';
import type { Digest } from '../oci/digest.ts';

/** Something with a name whose content is identified by its digest. */
interface Named {
  readonly name: string;
  readonly digest: Digest;
}

/** Two versions with the same name and different digests. */
export interface Change<T> {
  readonly before: T;
  readonly after: T;
}

/** The differences between two lists. Each list is sorted by name. */
export interface Pairing<T> {
  readonly added: readonly T[];
  readonly removed: readonly T[];
  readonly changed: readonly Change<T>[];
  /** The number of items with the same name and digest in both. */
  readonly unchanged: number;
}

/**
 * Pairs items by name. Layouts of other programs may contain a name several times: then items with equal digests are
 * paired first, and the others in order.
 */
export function pair<T extends Named>(before: readonly T[], after: readonly T[]): Pairing<T> {
  const beforeByName = byName(before);
  const afterByName = byName(after);
  const names = new Set([...beforeByName.keys(), ...afterByName.keys()]);
  const added: T[] = [];
  const removed: T[] = [];
  const changed: Change<T>[] = [];
  let unchanged = 0;
  for (const name of [...names].sort(compareText)) {
    const itemsBefore = beforeByName.get(name) ?? new Map<Digest, T>();
    const itemsAfter = afterByName.get(name) ?? new Map<Digest, T>();
    const onlyBefore = without(itemsBefore, itemsAfter);
    const onlyAfter = without(itemsAfter, itemsBefore);
    const pairs = zip(onlyBefore, onlyAfter);
    unchanged += itemsAfter.size - onlyAfter.length;
    changed.push(...pairs);
    removed.push(...onlyBefore.slice(pairs.length));
    added.push(...onlyAfter.slice(pairs.length));
  }
  return { added, removed, changed, unchanged };
}

function byName<T extends Named>(items: readonly T[]): Map<string, Map<Digest, T>> {
  const names = new Map<string, Map<Digest, T>>();
  for (const item of items) {
    const digests = names.get(item.name) ?? new Map<Digest, T>();
    names.set(item.name, digests.set(item.digest, item));
  }
  return names;
}

/** The items whose digests are not in the other map. */
function without<T>(items: ReadonlyMap<Digest, T>, other: ReadonlyMap<Digest, T>): T[] {
  return [...items].flatMap(([digest, item]) => (other.has(digest) ? [] : [item]));
}

/** Pairs items in order, as many as both lists have. */
function zip<T>(befores: readonly T[], afters: readonly T[]): Change<T>[] {
  return befores.flatMap((before, index) => {
    const after = afters[index];
    return after === undefined ? [] : [{ before, after }];
  });
}
