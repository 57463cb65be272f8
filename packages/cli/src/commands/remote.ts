import { type OnEvent, proxiedRegistries } from '@airgap/core';
import type { Command } from '@commander-js/extra-typings';
import { DEFAULT_CONFIG, readConfig } from '../options/config.ts';
import {
  concurrencyOption,
  connectionFlags,
  type RemoteFlags,
  remoteOptions,
} from '../options/connection.ts';
import { configuredCredentials, licensed } from '../options/credentials.ts';
import { jsonOption, progressOption } from '../options/display.ts';
import {
  appOption,
  configOption,
  imagePathOption,
  licenseOption,
  mirrorOption,
  platformOption,
  registryOption,
  SPEC_HELP,
  type SpecFlags,
  specOptions,
  viaProxyOption,
} from '../options/specs.ts';
import { openReporter, type ProgressStyle } from '../reporters/index.ts';
import type { Session } from '../session.ts';

export interface CommonFlags extends SpecFlags, RemoteFlags {
  readonly license?: string | undefined;
  readonly viaProxy?: true | undefined;
  readonly referrers?: true | undefined;
  readonly progress: ProgressStyle;
  readonly json?: true | undefined;
}

/** Gives a command the flags of all that read specs and may ask registries. */
export function remoteFlags(command: Command) {
  const specs = command
    .argument('<spec...>', SPEC_HELP)
    .addOption(configOption)
    .addOption(appOption)
    .addOption(registryOption)
    .addOption(imagePathOption)
    .addOption(platformOption)
    .addOption(mirrorOption)
    .addOption(licenseOption)
    .addOption(viaProxyOption);
  return connectionFlags(specs).addOption(concurrencyOption).addOption(progressOption).addOption(jsonOption);
}

/** The options of a verb that the flags stand for. */
async function verbOptions(session: Session, specs: readonly string[], flags: CommonFlags) {
  const { signal, environment } = session;
  const config = await readConfig(flags.config);
  const options = await specOptions(specs, flags, config, signal);
  const path = flags.config ?? DEFAULT_CONFIG;
  return {
    ...options,
    ...(await remoteOptions(flags, environment)),
    referrers: flags.referrers,
    viaProxy: flags.viaProxy && proxiedRegistries(options.locations),
    credentials: {
      ...(await configuredCredentials(config?.credentials ?? {}, path, environment)),
      ...(flags.license === undefined ? {} : await licensed(flags.license)),
    },
    credentialFiles: environment.credentialFiles,
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
