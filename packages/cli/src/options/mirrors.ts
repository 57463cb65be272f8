import type { Settings } from '@airgap/core';
import type { Reporter } from '../reporters/reporter.ts';

type Mirrors = Readonly<Record<string, string | readonly string[]>>;

/** Reports the mirrors of a run, once, and the config that names them. */
export function reportMirrors(
  mirrors: Mirrors,
  { mirrorsFrom }: Settings,
  flags: Mirrors,
  onEvent: Reporter['onEvent'],
) {
  for (const [host, urls] of Object.entries(mirrors)) {
    const from = Object.hasOwn(flags, host) ? '--mirror' : mirrorsFrom[host];
    onEvent({ type: 'notice', message: `mirror of ${host}: ${[urls].flat().join(', ')} (${from})` });
  }
}
