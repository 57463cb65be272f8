import type { Position } from '../model/position.ts';
import { compareText } from '../model/text-order.ts';
import type { Digest } from '../oci/digest.ts';
import { formatPlatform, type PlatformChoice } from '../oci/platform.ts';
import type { Reference } from '../reference/reference.ts';

/** The lock that is read and written if no other is named. */
export const DEFAULT_LOCK = 'airgap.lock';

const TITLE = '# Written by airgap lock; airgap lock --update renews it.';

/** An image name, and the digest that it had in its registry. */
export interface LockedImage {
  readonly reference: Reference;
  readonly digest: Digest;
  /** Its own platforms; undefined for those of the lock. */
  readonly platforms?: PlatformChoice | undefined;
  /** Its signatures, SBOMs and other referrers, sorted. */
  readonly referrers: readonly LockedReferrer[];
}

/** A referrer: its digest, and its tag if cosign stores it under one. */
export interface LockedReferrer {
  readonly tag: string | undefined;
  readonly digest: Digest;
}

/** What a build with this lock contains. All else follows from the digests. */
export interface Lock {
  readonly platforms: PlatformChoice;
  /** Whether it lists referrers. */
  readonly referrers: boolean;
  readonly images: readonly LockedImage[];
}

/** A lock as it was read, with the position of each image. */
export interface ReadLock extends Lock {
  /** The path. */
  readonly file: string;
  readonly images: readonly PlacedImage[];
}

/** A locked image, and where the lock has its name and its digest. */
export interface PlacedImage extends LockedImage {
  readonly position: Position;
  readonly digestPosition: Position;
}

/**
 * Formats a lock as YAML, images sorted by name: a changed image is one changed line. It contains no time, so that the
 * same images give the same bytes.
 */
export function formatLock({ platforms, referrers, images }: Lock): string {
  const entries = images.map(({ reference, ...image }) => ({ ...image, name: reference.toString() }));
  const lines = entries
    .sort((a, b) => compareText(a.name, b.name))
    .flatMap(({ name, digest, platforms, referrers }) => [
      `  - image: ${yamlText(name)}`,
      `    digest: ${digest}`,
      ...(platforms === undefined ? [] : [`    platforms: ${listOf(platforms)}`]),
      ...referrerLines(referrers),
    ]);
  const head = [
    TITLE,
    'lockVersion: 1',
    `platforms: ${listOf(platforms)}`,
    `referrers: ${referrers}`,
    'images:',
  ];
  return `${[...head, ...lines].join('\n')}\n`;
}

/** The host of a name may be an IPv6 address in brackets, which YAML reads as a list. */
function yamlText(name: string): string {
  return name.startsWith('[') ? `"${name}"` : name;
}

function listOf(platforms: PlatformChoice): string {
  return `[${platformNames(platforms).join(', ')}]`;
}

/** The platforms in the notation of `--platform`. */
export function platformNames(platforms: PlatformChoice): string[] {
  return platforms === 'all' ? ['all'] : platforms.map(formatPlatform);
}

/** Formats a referrer: its digest, with its tag before an `@` if it has one. */
export function formatReferrer({ tag, digest }: LockedReferrer): string {
  return tag === undefined ? digest : `${tag}@${digest}`;
}

function referrerLines(referrers: readonly LockedReferrer[]): string[] {
  if (referrers.length === 0) return [];
  const texts = referrers.map(formatReferrer).sort(compareText);
  return ['    referrers:', ...texts.map(text => `      - ${text}`)];
}
