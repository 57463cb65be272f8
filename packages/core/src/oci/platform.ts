import { AirgapError } from '../model/errors.ts';

/** An operating system and a CPU architecture, as GOOS and GOARCH (image-spec, image-index.md, "platform"). */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
}

/** The value of `--platform`: a list of platforms, or all. */
export type PlatformChoice = readonly Platform[] | 'all';

/** The default of `--platform`. */
export const DEFAULT_PLATFORMS: PlatformChoice = [{ os: 'linux', architecture: 'amd64' }];

const ALIASES: Record<string, string> = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  aarch64: 'arm64',
  armhf: 'arm',
  i386: '386',
};
/** The architectures of container images (GOARCH): alone they mean Linux, as for docker. */
const ARCHITECTURES = new Set([
  'amd64',
  'arm64',
  'arm',
  '386',
  'ppc64le',
  's390x',
  'riscv64',
  'mips64le',
  'loong64',
]);
const COMPONENT = /^[a-z0-9_.-]+$/;

/**
 * Parses `os/arch[/variant]` in Docker's notation; an architecture alone is one of Linux: `arm64`.
 *
 * @throws AirgapError `USAGE`
 */
export function parsePlatform(text: string): Platform {
  const lower = text.toLowerCase();
  const isArchitecture = ARCHITECTURES.has(ALIASES[lower] ?? lower);
  const parts = (isArchitecture ? `linux/${lower}` : lower).split('/');
  if (parts.length < 2 || parts.length > 3 || !parts.every(part => COMPONENT.test(part))) {
    throw new AirgapError('USAGE', `invalid platform: ${JSON.stringify(text)}`, {
      hint: 'Write it as os/arch or os/arch/variant, for example linux/amd64 or linux/arm/v7.',
    });
  }
  const [os, architecture, variant] = parts as [string, string, string?];
  return normalisePlatform({ os, architecture, variant });
}

/** Resolves aliases: `x86_64` is `amd64`, and `arm64/v8` is `arm64`. */
function normalisePlatform(platform: Platform): Platform {
  const os = platform.os.toLowerCase();
  const written = platform.architecture.toLowerCase();
  const architecture = ALIASES[written] ?? written;
  const variant = architecture === 'arm64' && platform.variant === 'v8' ? undefined : platform.variant;
  return variant ? { os, architecture, variant } : { os, architecture };
}

/** Formats a platform as `os/arch[/variant]`. */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return variant ? `${os}/${architecture}/${variant}` : `${os}/${architecture}`;
}

/** Returns whether an image for `actual` satisfies the `requested` platform; without a variant, any variant does. */
export function matchesPlatform(requested: Platform, actual: Platform): boolean {
  const { os, architecture, variant } = normalisePlatform(requested);
  const normalised = normalisePlatform(actual);
  if (os !== normalised.os || architecture !== normalised.architecture) return false;
  return variant === undefined || variant === normalised.variant;
}
