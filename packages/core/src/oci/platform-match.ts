import { ARCHITECTURE_ALIASES, type Platform } from './platform.ts';

/** The feature that containerd ignores: base images of Windows have it. */
const IGNORED_FEATURE = 'win32k';

/** An image, or the entry of an index that points to it. */
interface WithPlatform {
  readonly platform?: Platform | undefined;
}

/**
 * Returns the images that match a requested platform best: the one with the lowest {@link platformRank}, or several if
 * they are for different versions of Windows. Of two images for the same platform, the first one counts.
 */
export function bestMatches<T extends WithPlatform>(images: readonly T[], requested: Platform): T[] {
  const byVersion = new Map<string, T>();
  for (const image of equalMatches(images, requested)) {
    const version = image.platform?.['os.version'] ?? '';
    if (!byVersion.has(version)) byVersion.set(version, image);
  }
  return [...byVersion.values()];
}

/** Returns all images with the lowest rank for a requested platform. */
export function equalMatches<T extends WithPlatform>(images: readonly T[], requested: Platform): T[] {
  const rankOf = ({ platform }: T) =>
    (platform && platformRank(requested, platform)) ?? Number.POSITIVE_INFINITY;
  const best = Math.min(...images.map(rankOf));
  return Number.isFinite(best) ? images.filter(image => rankOf(image) === best) : [];
}

/**
 * Ranks an image for a requested platform as containerd's `platforms.Only` does: 0 for the platform itself, more for
 * those that its CPU can run as well. `arm/v7` takes v7, v6 and v5, `amd64/v3` takes v3, v2, v1 and 386; a higher variant
 * than the requested one is never taken.
 *
 * @returns undefined when the image does not match
 */
export function platformRank(requested: Platform, actual: Platform): number | undefined {
  const { os, architecture, variant } = normalise(actual);
  if (os !== normalise(requested).os || !matchesVersion(requested, actual) || hasFeatures(actual))
    return undefined;
  const rank = runnable(normalise(requested)).findIndex(
    candidate => candidate.architecture === architecture && candidate.variant === variant,
  );
  return rank < 0 ? undefined : rank;
}

/** Returns whether an image for `actual` satisfies the `requested` platform, as containerd's `platforms.Only` does. */
export function matchesPlatform(requested: Platform, actual: Platform): boolean {
  return platformRank(requested, actual) !== undefined;
}

/** Whether both are the same CPU architecture, whatever its variant. */
export function isSameArchitecture(a: Platform, b: Platform): boolean {
  return normalise(a).architecture === normalise(b).architecture;
}

type Cpu = Pick<Platform, 'architecture' | 'variant'>;

/** What a CPU can run, the best first (containerd/platforms, `platformVector`). */
function runnable({ architecture, variant }: Cpu): Cpu[] {
  if (architecture === 'amd64') return [...amd64(variant), { architecture: '386', variant: undefined }];
  if (architecture === 'arm') return arm(variant);
  if (architecture === 'arm64') return arm64(variant);
  return [{ architecture, variant }];
}

function amd64(variant: string | undefined): Cpu[] {
  const levels = [variant, ...below(variant, 1)];
  // v1 is the architecture without a variant.
  return levels.map(level => ({ architecture: 'amd64', variant: level === 'v1' ? undefined : level }));
}

function arm(variant: string | undefined): Cpu[] {
  return [variant, ...below(variant, 5)].map(version => ({ architecture: 'arm', variant: version }));
}

/** The variants below this one, down to the lowest; none for a variant that is not `v` and a number. */
function below(variant: string | undefined, lowest: number): string[] {
  const version = Number(/^v?(\d{1,2})$/.exec(variant ?? '')?.[1] ?? 0);
  const count = Math.max(0, version - lowest);
  return Array.from({ length: count }, (_, index) => `v${version - 1 - index}`);
}

const ARM64_VARIANT = /^v(?<major>8|9)(?:\.(?<minor>\d))?$/;
/** The highest minor version of v9 that containerd knows. */
const MAX_V9_MINOR = 7;

/** Every minor version includes the lower ones; v9.0 includes v8.5, and v9.1 v8.6. All of them run 32-bit programs. */
function arm64(variant = 'v8'): Cpu[] {
  const version = ARM64_VARIANT.exec(variant)?.groups;
  if (version === undefined) return [];
  const minor = Number(version.minor ?? 0);
  if (version.major === '8') return [...cpus(minors(8, minor)), ...arm('v8')];
  if (minor > MAX_V9_MINOR) return [];
  return [...cpus(minors(9, minor)), ...cpus(minors(8, Math.min(9, minor + 5))), ...arm('v8')];
}

function cpus(variants: readonly (string | undefined)[]): Cpu[] {
  return variants.map(variant => ({ architecture: 'arm64', variant }));
}

/** `v8.2`, `v8.1`, `v8`, where v8 is the architecture without a variant. */
function minors(major: 8 | 9, highest: number): (string | undefined)[] {
  const lowest = major === 8 ? undefined : 'v9';
  return Array.from({ length: highest + 1 }, (_, index) => {
    const minor = highest - index;
    return minor === 0 ? lowest : `v${major}.${minor}`;
  });
}

/** Returns the form in which containerd compares platforms: `arm64/v8` is `arm64`, and `arm` is `arm/v7`. */
function normalise(platform: Platform): Cpu & { readonly os: string } {
  const os = platform.os.toLowerCase() || 'linux';
  const written = platform.architecture.toLowerCase();
  const alias = Object.hasOwn(ARCHITECTURE_ALIASES, written) ? ARCHITECTURE_ALIASES[written] : undefined;
  const architecture = alias?.architecture ?? written;
  const variant = alias?.variant ?? platform.variant?.toLowerCase();
  return {
    os: os === 'macos' ? 'darwin' : os,
    architecture,
    variant: normaliseVariant(architecture, variant || undefined),
  };
}

function normaliseVariant(architecture: string, variant: string | undefined): string | undefined {
  if (architecture === '386') return undefined;
  if (architecture === 'amd64') return variant === 'v1' ? undefined : variant;
  if (architecture === 'arm') return variant === undefined ? 'v7' : variant.replace(/^[5-8]$/, 'v$&');
  if (architecture !== 'arm64') return variant;
  if (variant === '8' || variant === 'v8' || variant === 'v8.0') return undefined;
  return variant === '9' || variant === '9.0' || variant === 'v9.0' ? 'v9' : variant;
}

/** Whether the version of the operating system begins with the requested one; any version if none is requested. */
function matchesVersion(
  { 'os.version': requested }: Platform,
  { 'os.version': actual = '' }: Platform,
): boolean {
  return requested === undefined || actual === requested || actual.startsWith(`${requested}.`);
}

/** Whether an image needs features of the operating system that were not requested. */
function hasFeatures({ 'os.features': features }: Platform): boolean {
  return (features ?? []).some(feature => feature !== IGNORED_FEATURE);
}
