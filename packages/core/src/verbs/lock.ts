import { resolve } from 'node:path';
import { fileExists } from '../fs/file-exists.ts';
import { replaceFile } from '../fs/replace-file.ts';
import { refuseStandardOutput } from '../fs/standard-output.ts';
import { systemErrorReason } from '../fs/system-error.ts';
import { type LockChange, lockChanges } from '../lock/changes.ts';
import { DEFAULT_LOCK, formatLock, type Lock, platformNames, type ReadLock } from '../lock/lock.ts';
import { lockImages } from '../lock/lock-images.ts';
import type { LockedRequest } from '../lock/locked-requests.ts';
import { readLock } from '../lock/read-lock.ts';
import { AirgapError } from '../model/errors.ts';
import { interruptible } from '../model/interrupted.ts';
import { compareText } from '../model/text-order.ts';
import { DEFAULT_PLATFORMS } from '../oci/platform.ts';
import { ImagePatterns } from '../reference/image-patterns.ts';
import { Registries, type RegistryOptions } from '../registry/registries.ts';
import { type Resolution, resolveAll } from '../resolve/resolve-all.ts';
import { withTime } from '../store/events.ts';
import { checkOptions } from './check-options.ts';
import { imagePlatformsOf, platformsOf } from './platform-choice.ts';
import {
  imagesOf,
  openLocal,
  type ResolvePlanOptions,
  readRequests,
  sourceOf,
  unlockedReferrers,
} from './resolved-plan.ts';

/** The pattern that every image matches. */
const ALL = '*';

/** The options of {@link lock}. */
export interface LockOptions extends Omit<ResolvePlanOptions, 'locked' | 'sourceDateEpoch'>, RegistryOptions {
  /** The path of the lock. Default `airgap.lock`. */
  readonly output?: string | undefined;
  /** Compare the lock with the input and the registries, and write nothing. */
  readonly check?: boolean | undefined;
  /**
   * Patterns of the images whose digests are renewed; `['*']` renews all. Without it, images that are in the lock keep
   * their digests.
   */
  readonly update?: readonly string[] | undefined;
}

/** A name in a lock. */
export interface LockedName {
  readonly name: string;
  readonly digest: string;
  /** Its own platforms; undefined for those of the lock. */
  readonly platforms?: readonly string[];
}

/** A lock that was written or checked. */
export interface LockResult {
  /** The absolute path of the lock. */
  readonly path: string;
  readonly platforms: readonly string[];
  /** Sorted by name. */
  readonly images: readonly LockedName[];
  /** How the new lock differs from the one in the file; with `check`, what `update` would change. */
  readonly changes: readonly LockChange[];
}

/**
 * Writes a lock: for each image in the specs, the digest that its name has in the registry now. A build with the lock
 * fetches exactly these digests. Images that are in the lock already keep their digests unless `update` matches them.
 * With `check`, it reports instead how the lock differs from the input and the registries.
 *
 * @throws AirgapError `INPUT` for the specs and for an invalid lock, `DISK` when it cannot be written, and the errors of
 * registries
 * @example
 * const { changes } = await lock({ specs: ['app.yaml'], check: true });
 * for (const { kind, image } of changes) console.log(kind, image);
 */
export async function lock(options: LockOptions): Promise<LockResult> {
  checkOptions('lock', options, ['specs']);
  const { output = DEFAULT_LOCK, check = false } = options;
  refuseStandardOutput(output);
  const onEvent = withTime(options.onEvent);
  return interruptible(options.signal, async () => {
    const old = await findLock(output, check);
    await using registries = await Registries.open(options);
    const read = await readRequests(options);
    await using local = await openLocal(read, options);
    const { requests, platforms: chosen } = read;
    const planSources = { registries, local };
    const platforms = chosen ?? old?.platforms ?? DEFAULT_PLATFORMS;
    const referrers = options.referrers ?? old?.referrers ?? false;
    const pinned = check ? requests : pinRequests(requests, old, options.update);
    // Without their referrers, images that keep their digests are resolved again.
    const isUnchanged = ({ pin }: LockedRequest) => pin !== undefined && old?.referrers === referrers;
    const pending = pinned.filter(request => !isUnchanged(request));
    const platformsByName = platformsOf({ ...options, platforms });
    const resolutions = await resolveAll(sourceOf(planSources), pending, platformsByName, onEvent);
    const gone = check ? goneNames(resolutions, old) : new Set<string>();
    const images = imagesOf(resolutions.filter(({ request }) => !gone.has(request.reference.toString())));
    const found = await unlockedReferrers(planSources, images, { onEvent, referrers });
    const ownPlatforms = imagePlatformsOf(options);
    const kept = pinned
      .filter(isUnchanged)
      .flatMap(({ pin }) => (pin ? { ...pin, platforms: ownPlatforms(pin.reference) } : []));
    const current: Lock = {
      platforms,
      referrers,
      images: [...kept, ...lockImages(images, found, ownPlatforms)],
    };
    if (!check) await writeLock(output, current);
    return { ...lockResult(output, current), changes: lockChanges(old, current, gone) };
  });
}

/** Pins the images that keep the digests of the old lock. */
function pinRequests(
  requests: readonly LockedRequest[],
  old: ReadLock | undefined,
  update: readonly string[] | undefined,
): LockedRequest[] {
  checkPatterns(requests, update);
  const renewed = new ImagePatterns(update);
  const pins = new Map((old?.images ?? []).map(image => [image.reference.toString(), image]));
  return requests.map(request => {
    const { reference } = request;
    return renewed.matches(reference) ? request : { ...request, pin: pins.get(reference.toString()) };
  });
}

/** A misspelled pattern would renew nothing without a word. @throws AirgapError `USAGE` */
function checkPatterns(requests: readonly LockedRequest[], update: readonly string[] = []): void {
  for (const pattern of update) {
    const matcher = new ImagePatterns([pattern]);
    if (pattern === ALL || requests.some(({ reference }) => matcher.matches(reference))) continue;
    throw new AirgapError('USAGE', `no image of the input matches ${JSON.stringify(pattern)}`, {
      hint: 'Correct the pattern of --update; * matches any characters.',
    });
  }
}

/** The locked names that their registries no longer have. */
function goneNames(
  resolutions: readonly Resolution<LockedRequest>[],
  old: ReadLock | undefined,
): Set<string> {
  const locked = new Set((old?.images ?? []).map(({ reference }) => reference.toString()));
  const names = resolutions.flatMap(({ request, error }) => {
    const isGone = error?.code === 'NOT_FOUND' && error.where.platform === undefined;
    return isGone ? [request.reference.toString()] : [];
  });
  return new Set(names.filter(name => locked.has(name)));
}

/** Reads the lock if it exists. @param isRequired whether a missing lock is an error */
async function findLock(path: string, isRequired: boolean): Promise<ReadLock | undefined> {
  return isRequired || (await fileExists(path)) ? readLock(path) : undefined;
}

async function writeLock(path: string, lock: Lock): Promise<void> {
  try {
    await replaceFile(path, formatLock(lock));
  } catch (cause) {
    const reason = systemErrorReason(cause as NodeJS.ErrnoException);
    throw new AirgapError('DISK', `the lock cannot be written: ${reason}`, {
      where: { path },
      cause,
      hint: 'Fix this, or choose another path with -o.',
    });
  }
}

function lockResult(path: string, { platforms, images }: Lock): Omit<LockResult, 'changes'> {
  const entries = images.map(({ reference, digest, platforms: own }) => ({
    name: reference.toString(),
    digest,
    ...(own ? { platforms: platformNames(own) } : {}),
  }));
  return {
    path: resolve(path),
    platforms: platformNames(platforms),
    images: entries.sort((a, b) => compareText(a.name, b.name)),
  };
}
