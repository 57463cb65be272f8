import { AirgapError } from '../model/errors.ts';

/** An operating system and a CPU architecture, as GOOS and GOARCH (image-spec, image-index.md, "platform"). */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
  /** The version of Windows, for example `10.0.20348.2113`. */
  readonly 'os.version'?: string | undefined;
  readonly 'os.features'?: readonly string[] | undefined;
}

/** The value of `--platform`: a list of platforms, or all. */
export type PlatformChoice = readonly Platform[] | 'all';

/** The default of `--platform`. */
export const DEFAULT_PLATFORMS: PlatformChoice = [{ os: 'linux', architecture: 'amd64' }];

/** Other names of architectures, as containerd reads them. */
export const ARCHITECTURE_ALIASES: Record<string, Pick<Platform, 'architecture' | 'variant'>> = {
  x86_64: { architecture: 'amd64' },
  'x86-64': { architecture: 'amd64' },
  aarch64: { architecture: 'arm64' },
  i386: { architecture: '386' },
  armhf: { architecture: 'arm', variant: 'v7' },
  armel: { architecture: 'arm', variant: 'v6' },
};
const COMPONENT = /^[a-z0-9_.-]+$/;
const OS_VERSION = /^[0-9]+(?:\.[0-9]+)*$/;

/**
 * Parses `os/arch[/variant][:osversion]`, as docker and crane write it.
 *
 * @throws AirgapError `USAGE`
 * @example
 * parsePlatform('windows/amd64:10.0.20348');
 */
export function parsePlatform(text: string): Platform {
  const at = text.indexOf(':');
  const version = at < 0 ? undefined : text.slice(at + 1);
  const parts = text
    .slice(0, at < 0 ? text.length : at)
    .toLowerCase()
    .split('/');
  const isValid = parts.length >= 2 && parts.length <= 3 && parts.every(part => COMPONENT.test(part));
  if (!isValid || (version !== undefined && !OS_VERSION.test(version))) throw invalidPlatform(text);
  const [os, written, variant] = parts as [string, string, string?];
  const alias = Object.hasOwn(ARCHITECTURE_ALIASES, written)
    ? ARCHITECTURE_ALIASES[written]
    : { architecture: written };
  const named = { os, architecture: written, ...alias, ...(variant === undefined ? {} : { variant }) };
  return version === undefined ? named : { ...named, 'os.version': version };
}

/** Formats a platform as `os/arch[/variant][:osversion]`. */
export function formatPlatform(platform: Platform): string {
  const { os, architecture, variant, 'os.version': version } = platform;
  const parts = [os, architecture, variant].filter(Boolean).join('/');
  return version ? `${parts}:${version}` : parts;
}

function invalidPlatform(text: string): AirgapError {
  return new AirgapError('USAGE', `invalid platform: ${JSON.stringify(text)}`, {
    hint: 'Write it as os/arch, os/arch/variant or os/arch:osversion, for example linux/amd64, linux/arm/v7 or windows/amd64:10.0.20348.',
  });
}
