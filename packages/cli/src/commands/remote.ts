import { type OnEvent, proxiedRegistries, type Settings } from '@airgap/core';
import type { Command, CommandUnknownOpts } from '@commander-js/extra-typings';
import { readConfig } from '../options/config.ts';
import {
  concurrencyOption,
  connectionFlags,
  type RemoteFlags,
  remoteOptions,
} from '../options/connection.ts';
import { configuredCredentials } from '../options/credentials.ts';
import { jsonOption, type LintDisplay, progressOption } from '../options/display.ts';
import {
  appOption,
  configOption,
  excludeOption,
  fromOption,
  INPUT_HELP,
  type InputFlags,
  imagePathOption,
  includeUnreadOption,
  inputOptions,
  licenseOption,
  mirrorOption,
  platformOption,
  proxyDomainOption,
  registryDomainOption,
  registryOption,
  renderFlags,
  viaProxyOption,
} from '../options/inputs.ts';
import { licensed } from '../options/license.ts';
import { reportMirrors } from '../options/mirrors.ts';
import { FindingSummary } from '../reporters/finding-summary.ts';
import { openReporter, type ProgressStyle } from '../reporters/index.ts';
import type { Session } from '../session.ts';

export interface CommonFlags extends InputFlags, RemoteFlags {
  readonly license?: string | undefined;
  readonly viaProxy?: true | undefined;
  readonly referrers?: true | undefined;
  readonly locked?: string | undefined;
  readonly from?: string[] | undefined;
  readonly progress: ProgressStyle;
  readonly json?: true | undefined;
  /** How to show findings. Default: `full`. */
  readonly lint?: LintDisplay | undefined;
}

/** An interface as commander's types take it. */
type Declared<Flags> = Pick<Flags, keyof Flags>;

/**
 * Adds the flags of all commands that read inputs and may query registries. Their types are declared: inferring those of
 * so many options takes minutes.
 */
export function remoteFlags(command: Command): Command<[string[]], Declared<CommonFlags>> {
  return requestFlags(command.argument('<input...>', INPUT_HELP));
}

/** The same for a command with other arguments. */
export function requestFlags<Args extends unknown[]>(
  command: Command<Args>,
): Command<Args, Declared<CommonFlags>> {
  const withInputs: CommandUnknownOpts = renderFlags(command)
    .addOption(configOption)
    .addOption(appOption)
    .addOption(registryOption)
    .addOption(imagePathOption)
    .addOption(includeUnreadOption)
    .addOption(excludeOption)
    .addOption(platformOption)
    .addOption(fromOption)
    .addOption(mirrorOption)
    .addOption(licenseOption)
    .addOption(viaProxyOption)
    .addOption(proxyDomainOption)
    .addOption(registryDomainOption);
  const added: CommandUnknownOpts = connectionFlags(withInputs)
    .addOption(concurrencyOption)
    .addOption(progressOption)
    .addOption(jsonOption);
  return added as unknown as Command<Args, Declared<CommonFlags>>;
}

/** Adds the flags of a worker, which reads no inputs but may query registries. */
export function workerFlags(command: Command<[string]>): Command<[string], Declared<CommonFlags>> {
  const withConfig: CommandUnknownOpts = command
    .addOption(configOption)
    .addOption(appOption)
    .addOption(registryOption)
    .addOption(mirrorOption)
    .addOption(licenseOption)
    .addOption(viaProxyOption);
  const added: CommandUnknownOpts = connectionFlags(withConfig)
    .addOption(concurrencyOption)
    .addOption(progressOption)
    .addOption(jsonOption);
  return added as unknown as Command<[string], Declared<CommonFlags>>;
}

/** Turns flags, config and environment into the options of a verb. */
async function verbOptions(
  session: Session,
  inputs: readonly string[],
  flags: CommonFlags,
  settings: Settings,
) {
  const { environment } = session;
  const options = await inputOptions(inputs, flags, settings, session);
  return {
    ...options,
    ...(await remoteOptions(flags, environment)),
    referrers: flags.referrers,
    locked: flags.locked,
    from: flags.from,
    viaProxy: flags.viaProxy && proxiedRegistries(options.locations),
    credentials: {
      ...(await configuredCredentials(settings, environment)),
      ...(flags.license === undefined ? {} : await licensed(flags.license, flags)),
    },
    credentialFiles: environment.credentialFiles,
  };
}

type VerbOptions = Awaited<ReturnType<typeof verbOptions>> & { readonly onEvent: OnEvent };

/** Runs a verb with the options from the flags, and reports progress and findings as they arrive. */
export async function runRemote<T>(
  session: Session,
  inputs: readonly string[],
  flags: CommonFlags,
  verb: (options: VerbOptions) => Promise<T>,
): Promise<T> {
  session.json = flags.json === true;
  const settings = await readConfig(flags.config, session.environment);
  const options = await verbOptions(session, inputs, flags, settings);
  const reporter = openReporter(flags.progress, session);
  const isNormal = session.verbosity === 'normal';
  const isBrief = flags.lint === 'summary' && flags.progress !== 'json' && isNormal;
  const summary = new FindingSummary(inputs, reporter.onEvent);
  try {
    reportMirrors(options.mirrors, settings, flags.mirror ?? {}, reporter.onEvent);
    return await verb({ ...options, onEvent: isBrief ? summary.onEvent : reporter.onEvent });
  } finally {
    summary.report();
    reporter.close();
  }
}
