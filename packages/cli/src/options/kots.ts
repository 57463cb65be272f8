import { type AirgapFields, type RequiredRelease, readTextFile } from '@airgap/core';
import {
  type Command,
  type CommandUnknownOpts,
  Option,
  type OptionValues,
} from '@commander-js/extra-typings';
import { InvalidArgumentError } from 'commander';

const requiredOption = new Option(
  '--required <label=cursor>',
  'a version that must be installed before (repeatable)',
).argParser(requiredRelease);

/** The flags for what a `.airgap` has beside its images. */
export interface AirgapFlags {
  readonly release?: string | undefined;
  readonly channelId?: string | undefined;
  readonly channelName?: string | undefined;
  readonly versionLabel?: string | undefined;
  readonly cursor?: string | undefined;
  readonly required?: RequiredRelease[] | undefined;
  readonly isRequired?: true | undefined;
  readonly releaseNotes?: string | undefined;
  readonly previous?: string | undefined;
  readonly omitUnchanged?: true | undefined;
}

/** Adds the flags for what a `.airgap` has beside its images. */
export function airgapFlags<Args extends unknown[], Flags extends OptionValues>(
  command: Command<Args, Flags>,
): Command<Args, Flags & Pick<AirgapFlags, keyof AirgapFlags>> {
  const added: CommandUnknownOpts = command
    .option('--release <path>', 'directory with the manifests of the release, or its app.tar.gz')
    .option('--channel-id <id>', 'ID of a channel of the license')
    .option('--channel-name <name>', 'name of the channel')
    .option('--version-label <label>', 'version of the release')
    .option('--cursor <number>', 'sequence of the release in its channel')
    .addOption(requiredOption)
    .option('--is-required', 'later versions require this one')
    .option('--release-notes <file>', 'file with the release notes')
    .option('--previous <file>', 'earlier .airgap: what is not given here is taken from it')
    .option('--omit-unchanged', 'for a delta: leave out unchanged images');
  return added as unknown as Command<Args, Flags & Pick<AirgapFlags, keyof AirgapFlags>>;
}

/** Returns the fields of the flags; undefined when none is given. @throws AirgapError `INPUT` for the release notes */
export async function airgapFields(flags: AirgapFlags): Promise<AirgapFields | undefined> {
  const { release, channelId, channelName, versionLabel, cursor } = flags;
  const { required, isRequired, releaseNotes: file, previous, omitUnchanged } = flags;
  const releaseNotes = file === undefined ? undefined : await readTextFile('the release notes', file);
  const label = { release, channelId, channelName, versionLabel, cursor };
  const fields = { ...label, required, isRequired, releaseNotes, previous, omitUnchanged };
  return Object.values(fields).some(value => value !== undefined) ? fields : undefined;
}

function requiredRelease(text: string, before: readonly RequiredRelease[] = []): RequiredRelease[] {
  const at = text.lastIndexOf('=');
  if (at <= 0 || at === text.length - 1) throw new InvalidArgumentError('Expected LABEL=CURSOR.');
  return [...before, { versionLabel: text.slice(0, at), updateCursor: text.slice(at + 1) }];
}
