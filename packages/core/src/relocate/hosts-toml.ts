import { basicAuthorization, type Login } from './login.ts';

/** A registry that containerd uses instead of another host. */
export interface Mirror {
  /** The registry's URL, without a path. */
  readonly url: string;
  /** Path prefix of the repositories at the mirror, without leading and trailing slashes; may be empty. */
  readonly prefix: string;
  /** File name of the certificate authorities, next to hosts.toml. */
  readonly ca?: string | undefined;
  /** Whether the certificate is not verified. */
  readonly skipVerify?: boolean | undefined;
  /** The credentials for it, which containerd sends with each request. */
  readonly login?: Login | undefined;
}

/**
 * Renders containerd's `hosts.toml` for one host.
 *
 * @param server the URL of the host, used as a fallback for images that the mirror does not have
 */
export function hostsToml(server: string, { url, prefix, ca, skipVerify, login }: Mirror): string {
  const api = `${url}/v2${prefix === '' ? '' : `/${prefix}`}`;
  const lines = [
    `server = ${quoted(server)}`,
    '',
    `[host.${quoted(api)}]`,
    '  capabilities = ["pull", "resolve"]',
    // Without it, containerd appends /v2 to the path.
    '  override_path = true',
    ...(ca === undefined ? [] : [`  ca = ${quoted(ca)}`]),
    ...(skipVerify ? ['  skip_verify = true'] : []),
    ...(login
      ? [`  [host.${quoted(api)}.header]`, `    Authorization = ${quoted(basicAuthorization(login))}`]
      : []),
  ];
  return `${lines.join('\n')}\n`;
}

/** For URLs and file names, JSON strings are valid TOML strings. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
