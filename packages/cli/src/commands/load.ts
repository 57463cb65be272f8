import { load, NAMINGS, ON_EXISTING, openOutputs } from '@airgap/core';
import { type Command, Option } from '@commander-js/extra-typings';
import { DEFAULT_CONFIG, readConfig } from '../options/config.ts';
import { configuredCredentials } from '../options/credentials.ts';
import { outputFlags, outputOptions } from '../options/outputs.ts';
import { repeated } from '../options/parsers.ts';
import {
  concurrencyOption,
  configOption,
  connectionFlags,
  jsonOption,
  progressOption,
  remoteOptions,
} from '../options/shared.ts';
import { renderLoad } from '../render/load.ts';
import { renderOutputs } from '../render/outputs.ts';
import { openReporter } from '../reporters/index.ts';
import { print, printJson, type Session, tell } from '../session.ts';

const EXAMPLES = `
Examples:
  airgap load bundle.tar registry.local:5000
  airgap load bundle.tar registry.local/vendor --naming host --dry-run
  airgap load bundle.tar registry.local --images 'quay.io/team/*' --on-existing fail
  airgap load bundle.tar registry.local --specs manifests/ --rewrite local/ --pull-secret secret.yaml
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
    .argument('<target>', 'REGISTRY[/PREFIX]')
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
    .action(async (bundle, target, flags) => {
      session.json = flags.json === true;
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
