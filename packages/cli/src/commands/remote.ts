import type { OnEvent } from '@airgap/core';
import { Command } from '@commander-js/extra-typings';
import {
  appOption,
  caOption,
  certOption,
  concurrencyOption,
  configOption,
  imagePathOption,
  insecureOption,
  jsonOption,
  keyOption,
  mirrorOption,
  plainHttpOption,
  platformOption,
  progressOption,
  type RemoteFlags,
  registryOption,
  remoteOptions,
  SPEC_HELP,
  type SpecFlags,
  specOptions,
  timeoutOption,
} from '../options/shared.ts';
import { openReporter, type ProgressStyle } from '../reporters/index.ts';
import type { Session } from '../session.ts';

export interface CommonFlags extends SpecFlags, RemoteFlags {
  readonly progress: ProgressStyle;
  readonly json?: true | undefined;
}

/** A command that reads specs and may ask registries, with the flags that all of them have. */
export function remoteCommand(name: string, description: string) {
  return new Command(name)
    .description(description)
    .argument('<spec...>', SPEC_HELP)
    .addOption(configOption)
    .addOption(appOption)
    .addOption(registryOption)
    .addOption(imagePathOption)
    .addOption(platformOption)
    .addOption(mirrorOption)
    .addOption(plainHttpOption)
    .addOption(insecureOption)
    .addOption(caOption)
    .addOption(certOption)
    .addOption(keyOption)
    .addOption(timeoutOption)
    .addOption(concurrencyOption)
    .addOption(progressOption)
    .addOption(jsonOption);
}

/** The options of a verb that the flags stand for. */
async function verbOptions(session: Session, specs: readonly string[], flags: CommonFlags) {
  return {
    ...(await specOptions(specs, flags, session.signal)),
    ...(await remoteOptions(flags, session.environment)),
    credentialFiles: session.environment.credentialFiles,
  };
}

type VerbOptions = Awaited<ReturnType<typeof verbOptions>> & { readonly onEvent: OnEvent };

/** Runs a verb with the options that the flags stand for, its progress and findings shown as they come. */
export async function runRemote<T>(
  session: Session,
  specs: readonly string[],
  flags: CommonFlags,
  verb: (options: VerbOptions) => Promise<T>,
): Promise<T> {
  session.json = flags.json === true;
  const options = await verbOptions(session, specs, flags);
  const reporter = openReporter(flags.progress, session);
  try {
    return await verb({ ...options, onEvent: reporter.onEvent });
  } finally {
    reporter.close();
  }
}
