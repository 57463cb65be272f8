import { isRuntimeTarget, load, loadRuntime, NAMINGS, ON_EXISTING, openOutputs } from '@airgap/core';
import { type Command, Option } from '@commander-js/extra-typings';
import { DEFAULT_CONFIG, readConfig } from '../options/config.ts';
import { concurrencyOption, connectionFlags, remoteOptions } from '../options/connection.ts';
import { configuredCredentials } from '../options/credentials.ts';
import { jsonOption, progressOption } from '../options/display.ts';
import { outputFlags, outputOptions } from '../options/outputs.ts';
import { repeated } from '../options/parsers.ts';
import { refuseRegistryFlags } from '../options/runtime-flags.ts';
import { configOption } from '../options/specs.ts';
import { renderFeed } from '../render/feed.ts';
import { renderLoad } from '../render/load.ts';
import { renderOutputs } from '../render/outputs.ts';
import { openReporter, type ProgressStyle } from '../reporters/index.ts';
import { print, printJson, type Session, tell } from '../session.ts';

const EXAMPLES = `
Examples:
  airgap load bundle.tar registry.local:5000
  airgap load bundle.tar registry.local/vendor --naming host --dry-run
  airgap load bundle.tar registry.local --images 'quay.io/team/*' --on-existing fail
  airgap load bundle.tar registry.local --specs manifests/ --rewrite local/ --pull-secret secret.yaml
  airgap load bundle.tar docker:
  airgap load bundle.tar containerd:k8s.io
`;

const namingOption = new Option(
  '--naming <how>',
  'what stays of a name: its path without the host, the host as well, or as in KOTS the last segment only',
)
  .choices(NAMINGS)
  .default('path' as const);
const imagesOption = new Option(
  '--images <pattern>',
  'load only these names; * stands for anything (repeatable)',
).argParser(repeated);
const existingOption = new Option(
  '--on-existing <what>',
  'what to do with a tag that stands for another image; one that stands for the same is left alone',
)
  .choices(ON_EXISTING)
  .default('overwrite' as const);

export function loadCommand(command: Command, session: Session) {
  const flagged = command
    .argument('<bundle>', 'the bundle')
    .argument('<target>', 'REGISTRY[/PREFIX], or docker:, podman:, containerd:[NAMESPACE]')
    .addOption(namingOption)
    .addOption(imagesOption)
    .addOption(existingOption)
    .option('--dry-run', 'say what would be pushed, and push nothing')
    .addOption(configOption);
  return connectionFlags(outputFlags(flagged))
    .addOption(concurrencyOption)
    .addOption(progressOption)
    .addOption(jsonOption)
    .addHelpText('after', EXAMPLES)
    .action(async (bundle, target, flags, command) => {
      session.json = flags.json === true;
      if (isRuntimeTarget(target)) {
        refuseRegistryFlags(command, target);
        return feedRuntime(bundle, target, flags, session);
      }
      const { environment, signal } = session;
      const config = await readConfig(flags.config);
      const { naming, images, onExisting, dryRun } = flags;
      const options = {
        ...(await remoteOptions(flags, environment)),
        credentials: await configuredCredentials(
          config?.credentials ?? {},
          flags.config ?? DEFAULT_CONFIG,
          environment,
        ),
        credentialFiles: environment.credentialFiles,
        ...{ bundle, target, naming, images, onExisting, dryRun, signal },
      };
      const wanted = await outputOptions(flags, config?.imagePaths);
      // What is wrong with them is told before anything is pushed.
      const outputs = wanted && (await openOutputs({ ...options, ...wanted }));
      const { onEvent, close } = openReporter(flags.progress, session);
      const result = await load({ ...options, onEvent }).finally(close);
      const written = await outputs?.write(result);
      if (written) tell(renderOutputs(written, flags.rewrite));
      if (session.json) printJson({ ...result, outputs: written }, session);
      else print(renderLoad(result), session);
    });
}

interface RuntimeFlags {
  readonly images?: string[] | undefined;
  readonly dryRun?: true | undefined;
  readonly progress: ProgressStyle;
}

async function feedRuntime(
  bundle: string,
  target: string,
  { images, dryRun, progress }: RuntimeFlags,
  session: Session,
): Promise<void> {
  const { onEvent, close } = openReporter(progress, session);
  const options = { bundle, target, images, dryRun, signal: session.signal, onEvent };
  const result = await loadRuntime(options).finally(close);
  if (session.json) printJson(result, session);
  else print(renderFeed(result), session);
}
