import { AirgapError, isUrl } from '@airgap/core';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';

/** The flags that runtime targets support. */
const ALLOWED = new Set([
  'base',
  'images',
  'dryRun',
  'publicKey',
  'checksums',
  'signature',
  'config',
  'progress',
  'json',
]);

/** The flags for bundles at URLs. */
const CONNECTION = new Set(['plainHttp', 'insecure', 'ca', 'cert', 'key', 'timeout', 'concurrency']);

/** Rejects flags that a runtime target does not support. @param bundles what is read @throws AirgapError `USAGE` */
export function refuseRegistryFlags(
  command: CommandUnknownOpts,
  target: string,
  bundles: readonly string[],
): void {
  const isRemote = bundles.some(isUrl);
  const given = command.options.filter(option => {
    const name = option.attributeName();
    const isAllowed = ALLOWED.has(name) || (isRemote && CONNECTION.has(name));
    return command.getOptionValueSource(name) === 'cli' && !isAllowed;
  });
  if (given.length === 0) return;
  const flags = given.map(({ long, short }) => long ?? short).join(', ');
  throw new AirgapError('USAGE', `${flags} cannot be used with the runtime target ${target}`, {
    hint: 'Use only --base, --images, --dry-run, --public-key, --checksums, --signature, --config, --progress and --json with a runtime.',
  });
}
