import { compareText } from '../model/text-order.ts';
import type { PlatformChoice } from '../oci/platform.ts';
import { formatReferrer, type Lock, type LockedImage, platformNames } from './lock.ts';

/** How two locks differ. */
export interface LockChange {
  /**
   * - `added`      the image is in the input, but not in the old lock
   * - `removed`    the image is in the old lock, but not in the input
   * - `moved`      the name has another digest
   * - `gone`       the registry no longer has the name
   * - `referrers`  the image has other referrers
   * - `platforms`  other platforms are locked, for the image or, without a name, for all
   */
  readonly kind: 'added' | 'removed' | 'moved' | 'gone' | 'referrers' | 'platforms';
  /** The name of the image; undefined for the platforms of all. */
  readonly image?: string;
  /** What the old lock has: a digest, or platforms. */
  readonly old?: string;
  /** What the new lock has. */
  readonly new?: string;
}

/**
 * Compares two locks, sorted by name.
 *
 * @param gone names that the registry no longer has
 */
export function lockChanges(old: Lock | undefined, current: Lock, gone: ReadonlySet<string>): LockChange[] {
  const before = byName(old?.images ?? []);
  const after = byName(current.images);
  const names = [...new Set([...before.keys(), ...after.keys()])].sort(compareText);
  return [
    ...platformChanges(old?.platforms, current.platforms),
    ...names.flatMap(name => imageChanges(name, before.get(name), after.get(name), gone.has(name))),
  ];
}

/** @param old undefined without an old lock */
function platformChanges(old: PlatformChoice | undefined, current: PlatformChoice): LockChange[] {
  if (old === undefined) return [];
  const before = platformNames(old).join(', ');
  const after = platformNames(current).join(', ');
  return before === after ? [] : [{ kind: 'platforms', old: before, new: after }];
}

/** How images name the platforms of the lock. */
const OF_ALL = 'those of the lock';

function imagePlatformChanges(image: string, old: LockedImage, current: LockedImage): LockChange[] {
  const [before, after] = [old, current].map(({ platforms }) =>
    platforms === undefined ? OF_ALL : platformNames(platforms).join(', '),
  );
  return before === after ? [] : [{ kind: 'platforms', image, old: before ?? OF_ALL, new: after ?? OF_ALL }];
}

function imageChanges(
  image: string,
  old: LockedImage | undefined,
  current: LockedImage | undefined,
  isGone: boolean,
): LockChange[] {
  if (old === undefined) return current ? [{ kind: 'added', image, new: current.digest }] : [];
  if (current === undefined) return [{ kind: isGone ? 'gone' : 'removed', image, old: old.digest }];
  const platforms = imagePlatformChanges(image, old, current);
  if (old.digest !== current.digest)
    return [{ kind: 'moved', image, old: old.digest, new: current.digest }, ...platforms];
  const [before, after] = [referrersOf(old), referrersOf(current)];
  if (before === after) return platforms;
  return [{ kind: 'referrers', image, old: before, new: after }, ...platforms];
}

function referrersOf({ referrers }: LockedImage): string {
  return referrers.map(formatReferrer).sort(compareText).join(', ');
}

function byName(images: readonly LockedImage[]): Map<string, LockedImage> {
  return new Map(images.map(image => [image.reference.toString(), image]));
}
