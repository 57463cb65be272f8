/** How containerd reaches a registry in the place of another host. */
export interface Mirror {
  /** The registry's URL, without a path. */
  readonly url: string;
  /** What stands before the host's paths there, without slashes at its ends; empty for nothing. */
  readonly prefix: string;
  /** The file of a certificate authority beside the hosts.toml. */
  readonly ca?: string | undefined;
  /** Whether the certificate is left unchecked. */
  readonly skipVerify?: boolean | undefined;
}

/**
 * Writes containerd's `hosts.toml` of one host.
 *
 * @param server the host's own URL, which is asked for what the mirror lacks
 */
export function hostsToml(server: string, { url, prefix, ca, skipVerify }: Mirror): string {
  const api = `${url}/v2${prefix === '' ? '' : `/${prefix}`}`;
  const lines = [
    `server = ${quoted(server)}`,
    '',
    `[host.${quoted(api)}]`,
    '  capabilities = ["pull", "resolve"]',
    // Else containerd would look for the API below the path.
    '  override_path = true',
    ...(ca === undefined ? [] : [`  ca = ${quoted(ca)}`]),
    ...(skipVerify ? ['  skip_verify = true'] : []),
  ];
  return `${lines.join('\n')}\n`;
}

/** JSON's strings are TOML's, as far as a URL or a file name goes. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
