import { AirgapError } from '@airgap/core';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';

/** The flags that runtime targets support. */
const ALLOWED = new Set([
  'images',
  'dryRun',
  'publicKey',
  'checksums',
  'signature',
  'config',
  'progress',
  'json',
]);

/** Rejects flags that a runtime target does not support. @throws AirgapError `USAGE` */
export function refuseRegistryFlags(command: CommandUnknownOpts, target: string): void {
  const given = command.options.filter(
    option =>
      command.getOptionValueSource(option.attributeName()) === 'cli' && !ALLOWED.has(option.attributeName()),
  );
  if (given.length === 0) return;
  const flags = given.map(({ long, short }) => long ?? short).join(', ');
  throw new AirgapError('USAGE', `${flags} cannot be used with the runtime target ${target}`, {
    hint: 'Use only --images, --dry-run, --public-key, --checksums, --signature, --config, --progress and --json with a runtime.',
  });
}
