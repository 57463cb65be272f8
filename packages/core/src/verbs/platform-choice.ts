import {
  DEFAULT_PLATFORMS,
  formatPlatform,
  type Platform,
  type PlatformChoice,
  parsePlatform,
} from '../oci/platform.ts';
import { ImagePatterns } from '../reference/image-patterns.ts';
import type { Reference } from '../reference/reference.ts';

/** A platform as text, for example `linux/amd64`, or as an object. */
export type PlatformOption = readonly (Platform | string)[] | 'all';

/** The platforms of images. */
export interface PlatformOptions {
  /** Default: linux/amd64. */
  readonly platforms?: PlatformOption | undefined;
  /**
   * Images, as patterns with `*` for any characters, → their platforms in place of `platforms`. The first pattern that
   * matches counts.
   */
  readonly imagePlatforms?: Readonly<Record<string, PlatformOption>> | undefined;
}

/** Chooses the platforms of an image. */
export type PlatformsOf = (name: Reference) => PlatformChoice;

/** Returns the function that chooses the platforms of each image. @throws AirgapError `USAGE` for an invalid platform */
export function platformsOf({ platforms, imagePlatforms = {} }: PlatformOptions): PlatformsOf {
  const others = platforms === undefined ? DEFAULT_PLATFORMS : parseOption(platforms);
  const own = imagePlatformsOf({ imagePlatforms });
  return name => own(name) ?? others;
}

/** Returns the function that chooses the platforms of each image that has its own. @throws as {@link platformsOf} */
export function imagePlatformsOf({
  imagePlatforms = {},
}: Pick<PlatformOptions, 'imagePlatforms'>): (name: Reference) => PlatformChoice | undefined {
  const choices = Object.entries(imagePlatforms).map(([pattern, option]) => ({
    patterns: new ImagePatterns([pattern]),
    choice: parseOption(option),
  }));
  return name => choices.find(({ patterns }) => patterns.matches(name))?.choice;
}

/** Returns the platforms that any image may need. @throws AirgapError `USAGE` for an invalid platform */
export function allPlatforms({ platforms, imagePlatforms = {} }: PlatformOptions): PlatformChoice {
  const others = platforms === undefined ? DEFAULT_PLATFORMS : parseOption(platforms);
  const platformsByName = new Map<string, Platform>();
  for (const choice of [others, ...Object.values(imagePlatforms).map(parseOption)]) {
    if (choice === 'all') return choice;
    for (const platform of choice) platformsByName.set(formatPlatform(platform), platform);
  }
  return [...platformsByName.values()];
}

function parseOption(option: PlatformOption): PlatformChoice {
  if (option === 'all') return option;
  return option.map(entry => (typeof entry === 'string' ? parsePlatform(entry) : entry));
}
