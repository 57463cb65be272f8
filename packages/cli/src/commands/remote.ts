import type { Finding, OnEvent, SourceText } from '@airgap/core';
import type { Command } from '@commander-js/extra-typings';
import {
  appOption,
  caOption,
  concurrencyOption,
  configOption,
  insecureOption,
  jsonOption,
  mirrorOption,
  plainHttpOption,
  platformOption,
  progressOption,
  type RemoteFlags,
  registryOption,
  remoteOptions,
  type SpecFlags,
  specOptions,
} from '../options/shared.ts';
import { renderFinding } from '../render/finding.ts';
import { openReporter, type ProgressStyle } from '../reporters/index.ts';
import { type Session, tell } from '../session.ts';

export interface CommonFlags extends SpecFlags, RemoteFlags {
  readonly progress: ProgressStyle;
  readonly json?: true | undefined;
}

/** Gives a command the flags of all that read specs and ask registries. */
export function withRemoteFlags<A extends unknown[]>(command: Command<A>) {
  return command
    .addOption(configOption)
    .addOption(appOption)
    .addOption(registryOption)
    .addOption(platformOption)
    .addOption(mirrorOption)
    .addOption(plainHttpOption)
    .addOption(insecureOption)
    .addOption(caOption)
    .addOption(concurrencyOption)
    .addOption(progressOption)
    .addOption(jsonOption);
}

/** Runs a verb with the options that the flags stand for, its progress shown. */
export async function runRemote<T>(
  session: Session,
  specs: readonly string[],
  flags: CommonFlags,
  verb: (
    options: Awaited<ReturnType<typeof specOptions>> &
      Awaited<ReturnType<typeof remoteOptions>> & {
        credentialFiles: readonly string[];
        signal: AbortSignal;
        onEvent: OnEvent;
      },
  ) => Promise<T>,
): Promise<T> {
  session.json = flags.json === true;
  const options = { ...(await specOptions(specs, flags)), ...(await remoteOptions(flags)) };
  const reporter = openReporter(flags.progress, session);
  try {
    const { credentialFiles } = session.environment;
    return await verb({ ...options, credentialFiles, signal: session.signal, onEvent: reporter.onEvent });
  } finally {
    reporter.close();
  }
}

/** Findings beside a result are warnings: they go to stderr and do not stop it. */
export function tellFindings(
  findings: readonly Finding[],
  sources: readonly SourceText[],
  session: Session,
): void {
  for (const finding of findings) tell(`${renderFinding(finding, sources, session.err)}\n`);
}
