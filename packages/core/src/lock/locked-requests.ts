import type { ImageRequest } from '../input/requests.ts';
import { AirgapError, type ErrorContext } from '../model/errors.ts';
import type { Position } from '../model/position.ts';
import type { PlatformChoice } from '../oci/platform.ts';
import type { Reference } from '../reference/reference.ts';
import { type PlacedImage, platformNames, type ReadLock } from './lock.ts';

/** A request for an image, and what the lock says about it. */
export interface LockedRequest extends ImageRequest {
  readonly pin?: PlacedImage | undefined;
}

/** Pins every request to its digest in the lock. @throws AirgapError `LOCK` when input and lock differ, with all positions */
export function lockedRequests(lock: ReadLock, requests: readonly ImageRequest[]): LockedRequest[] {
  const pins = new Map(lock.images.map(image => [image.reference.toString(), image]));
  const names = new Set(requests.map(({ reference }) => reference.toString()));
  const added = requests
    .filter(({ reference }) => !pins.has(reference.toString()))
    .map(({ reference, positions }) =>
      differs(`the input has ${reference}, which is not in ${lock.file}`, positions[0]),
    );
  const removed = lock.images
    .filter(({ reference }) => !names.has(reference.toString()))
    .map(({ reference, position }) => differs(`${reference} is locked, but not in the input`, position));
  const errors = [...added, ...removed];
  if (errors.length > 0)
    throw AirgapError.all(errors, `${errors.length} images differ between the input and ${lock.file}`);
  return requests.map(request => ({ ...request, pin: pins.get(request.reference.toString()) }));
}

/**
 * Checks that the requested platforms are those of the lock, in any order.
 *
 * @param requested undefined if the user does not choose
 * @returns the platforms of the lock
 * @throws AirgapError `USAGE`
 */
export function lockedPlatforms(lock: ReadLock, requested: PlatformChoice | undefined): PlatformChoice {
  if (requested === undefined) return lock.platforms;
  if (isSame(requested, lock.platforms)) return lock.platforms;
  throw otherPlatforms('the platforms', requested, lock.platforms, lock.file, { path: lock.file });
}

/**
 * Checks that the platforms that are requested for single images are those of the lock, in any order.
 *
 * @param requestedFor undefined for an image without a request of its own
 * @returns name → platforms of the images that have their own in the lock
 * @throws AirgapError `USAGE` with all positions
 */
export function lockedImagePlatforms(
  lock: ReadLock,
  requestedFor: (name: Reference) => PlatformChoice | undefined,
): Record<string, PlatformChoice> {
  const errors = lock.images.flatMap(({ reference, platforms = lock.platforms, position }) => {
    const requested = requestedFor(reference);
    if (requested === undefined || isSame(requested, platforms)) return [];
    return otherPlatforms(`the platforms of ${reference}`, requested, platforms, lock.file, { position });
  });
  if (errors.length > 0)
    throw AirgapError.all(errors, `the platforms of ${errors.length} images differ from ${lock.file}`);
  return Object.fromEntries(
    lock.images.flatMap(({ reference, platforms }) => (platforms ? [[reference.toString(), platforms]] : [])),
  );
}

function isSame(one: PlatformChoice, other: PlatformChoice): boolean {
  const [before, after] = [new Set(platformNames(one)), new Set(platformNames(other))];
  return before.size === after.size && [...before].every(name => after.has(name));
}

function otherPlatforms(
  what: string,
  requested: PlatformChoice,
  locked: PlatformChoice,
  file: string,
  where: ErrorContext,
): AirgapError {
  const [actual, expected] = [requested, locked].map(choice => platformNames(choice).join(', '));
  return new AirgapError('USAGE', `${what} are ${actual}, but ${file} is for ${expected}`, {
    where,
    hint: 'Leave out --platform, or run airgap lock with the new platforms.',
  });
}

/** Checks that a lock lists referrers if they are requested. @throws AirgapError `USAGE` */
export function requireLockedReferrers(lock: ReadLock, requested: boolean | undefined): void {
  if (!requested || lock.referrers) return;
  throw new AirgapError('USAGE', `referrers are requested, but ${lock.file} lists no referrers`, {
    where: { path: lock.file },
    hint: 'Run airgap lock --referrers --update with the same inputs.',
  });
}

function differs(message: string, position: Position | undefined): AirgapError {
  return new AirgapError('LOCK', message, {
    where: position ? { position } : {},
    hint: 'Run airgap lock with the same inputs.',
  });
}
