import { AirgapError } from '@airgap/core';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';

/** The flags that make sense without a registry. */
const ALLOWED = new Set(['images', 'dryRun', 'progress', 'json']);

/** Refuses flags that a runtime has no use for, rather than leave them without effect. @throws AirgapError `USAGE` */
export function refuseRegistryFlags(command: CommandUnknownOpts, target: string): void {
  const given = command.options.filter(
    option =>
      command.getOptionValueSource(option.attributeName()) === 'cli' && !ALLOWED.has(option.attributeName()),
  );
  if (given.length === 0) return;
  const flags = given.map(({ long, short }) => long ?? short).join(', ');
  throw new AirgapError('USAGE', `${flags}: for registries only, not for ${target}`, {
    hint: 'A runtime takes names as they are: with it go --images, --dry-run, --progress and --json.',
  });
}
