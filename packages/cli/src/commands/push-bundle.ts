import { AirgapError, type ON_EXISTING, pushBundle } from '@airgap/core';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { readConfig } from '../options/config.ts';
import { type RemoteFlags, remoteOptions } from '../options/connection.ts';
import { configuredCredentials } from '../options/credentials.ts';
import { renderPushBundle } from '../render/push-bundle.ts';
import { openReporter, type ProgressStyle } from '../reporters/index.ts';
import { printJson, type Session, stdout } from '../session.ts';

/** The flags of `push` that count for a bundle as an artifact. */
const ALLOWED = new Set([
  ...['onExisting', 'dryRun', 'config', 'progress', 'json', 'quiet', 'verbose', 'debug'],
  ...['plainHttp', 'insecure', 'ca', 'cert', 'key', 'timeout', 'concurrency'],
]);

interface BundleFlags extends RemoteFlags {
  readonly onExisting: (typeof ON_EXISTING)[number];
  readonly dryRun?: true | undefined;
  readonly config?: string | undefined;
  readonly progress: ProgressStyle;
  readonly json?: true | undefined;
}

interface Run {
  readonly flags: BundleFlags;
  readonly command: CommandUnknownOpts;
  readonly session: Session;
}

/** Pushes a bundle as an artifact. @throws AirgapError `USAGE` for flags that are about images */
export async function runPushBundle(
  bundle: string,
  target: string,
  { flags, command, session }: Run,
): Promise<void> {
  refuseImageFlags(command);
  const { environment, signal } = session;
  session.json = flags.json === true;
  const config = await readConfig(flags.config, environment);
  const { onExisting, dryRun } = flags;
  const options = {
    ...(await remoteOptions(flags, environment)),
    credentials: await configuredCredentials(config, environment),
    credentialFiles: environment.credentialFiles,
    ...{ bundle, target, onExisting, dryRun, signal },
  };
  const { onEvent, close } = openReporter(flags.progress, session);
  const result = await pushBundle({ ...options, onEvent }).finally(close);
  if (session.json) printJson(result, session);
  else stdout(renderPushBundle(result), session);
}

function refuseImageFlags(command: CommandUnknownOpts): void {
  const given = command.options.filter(option => {
    const name = option.attributeName();
    return command.getOptionValueSource(name) === 'cli' && !ALLOWED.has(name);
  });
  if (given.length === 0) return;
  const flags = given.map(({ long, short }) => long ?? short).join(', ');
  throw new AirgapError('USAGE', `${flags} cannot be used with oci://, which stores the bundle itself`, {
    hint: 'Remove the flag, or push the images to REGISTRY[/PREFIX].',
  });
}
