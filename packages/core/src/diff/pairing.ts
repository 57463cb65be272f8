import { compareText } from '../model/text-order.ts';
import type { Digest } from '../oci/digest.ts';

/** Something that goes by a name, and is what its digest says. */
interface Named {
  readonly name: string;
  readonly digest: Digest;
}

/** What became of things with names. Each list is sorted by name. */
export interface Pairing<T> {
  readonly added: readonly T[];
  readonly removed: readonly T[];
  readonly changed: readonly { readonly old: T; readonly now: T }[];
  readonly unchanged: number;
}

/**
 * Puts together what goes by the same name. Layouts of other programs may have one name several times: then those
 * that stayed are found by their digests, and the others are taken in turn.
 */
export function pair<T extends Named>(before: readonly T[], after: readonly T[]): Pairing<T> {
  const [olds, nows] = [byName(before), byName(after)];
  const added: T[] = [];
  const removed: T[] = [];
  const changed: { old: T; now: T }[] = [];
  let unchanged = 0;
  for (const name of [...new Set([...olds.keys(), ...nows.keys()])].sort(compareText)) {
    const old = olds.get(name) ?? new Map<Digest, T>();
    const now = nows.get(name) ?? new Map<Digest, T>();
    const gone = without(old, now);
    const come = without(now, old);
    const both = Math.min(gone.length, come.length);
    unchanged += now.size - come.length;
    changed.push(...zip(gone.slice(0, both), come));
    removed.push(...gone.slice(both));
    added.push(...come.slice(both));
  }
  return { added, removed, changed, unchanged };
}

function byName<T extends Named>(all: readonly T[]): Map<string, Map<Digest, T>> {
  const names = new Map<string, Map<Digest, T>>();
  for (const one of all) {
    const digests = names.get(one.name) ?? new Map<Digest, T>();
    names.set(one.name, digests.set(one.digest, one));
  }
  return names;
}

function without<T>(these: ReadonlyMap<Digest, T>, those: ReadonlyMap<Digest, T>): T[] {
  return [...these].flatMap(([digest, one]) => (those.has(digest) ? [] : [one]));
}

function zip<T>(olds: readonly T[], nows: readonly T[]): { old: T; now: T }[] {
  return olds.flatMap((old, at) => {
    const now = nows[at];
    return now === undefined ? [] : [{ old, now }];
  });
}
