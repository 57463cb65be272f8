import { AirgapError } from '../model/errors.ts';

/** An operating system and a processor, in Go's words (image-spec, image-index.md, "platform"). */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
}

/** What `--platform` asks for: some platforms, or everything there is. */
export type PlatformChoice = readonly Platform[] | 'all';

/** What is taken when nobody asks for anything else. */
export const DEFAULT_PLATFORMS: PlatformChoice = [{ os: 'linux', architecture: 'amd64' }];

const ALIASES: Record<string, string> = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  aarch64: 'arm64',
  armhf: 'arm',
  i386: '386',
};
const WORD = /^[a-z0-9_.-]+$/;

/**
 * Reads `os/arch[/variant]`, as Docker writes it.
 *
 * @throws AirgapError `USAGE`
 */
export function parsePlatform(text: string): Platform {
  const [os = '', arch = '', variant, ...rest] = text.toLowerCase().split('/');
  const words = [os, arch, ...(variant === undefined ? [] : [variant])];
  if (rest.length > 0 || !words.every(word => WORD.test(word))) {
    throw new AirgapError('USAGE', `not a platform: ${JSON.stringify(text)}`, {
      hint: 'Write it as os/arch or os/arch/variant, for example linux/amd64 or linux/arm/v7.',
    });
  }
  return normalisePlatform({ os, architecture: arch, variant });
}

/** Gives one platform one spelling: `x86_64` is `amd64`, and `arm64/v8` is plain `arm64`. */
function normalisePlatform(platform: Platform): Platform {
  const os = platform.os.toLowerCase();
  const architecture = ALIASES[platform.architecture.toLowerCase()] ?? platform.architecture.toLowerCase();
  const variant = architecture === 'arm64' && platform.variant === 'v8' ? undefined : platform.variant;
  return variant ? { os, architecture, variant } : { os, architecture };
}

/** Writes a platform as `os/arch[/variant]`. */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return variant ? `${os}/${architecture}/${variant}` : `${os}/${architecture}`;
}

/** Says whether an image made for `have` is what `wanted` asks for; a wanted platform without a variant takes any. */
export function matchesPlatform(wanted: Platform, have: Platform): boolean {
  const [a, b] = [normalisePlatform(wanted), normalisePlatform(have)];
  return (
    a.os === b.os && a.architecture === b.architecture && (a.variant === undefined || a.variant === b.variant)
  );
}
