import { pull } from '@airgap/core';
import type { Command } from '@commander-js/extra-typings';
import { readConfig } from '../options/config.ts';
import { concurrencyOption, connectionFlags, remoteOptions } from '../options/connection.ts';
import { configuredCredentials } from '../options/credentials.ts';
import { jsonOption, progressOption } from '../options/display.ts';
import { configOption } from '../options/inputs.ts';
import { repeated } from '../options/parsers.ts';
import { splitOption } from '../options/transport.ts';
import { renderWritten } from '../render/written.ts';
import { openReporter } from '../reporters/index.ts';
import { printJson, type Session, stdout } from '../session.ts';

const DETAILS = `
The file is the one that "airgap push BUNDLE oci://..." has stored, byte for byte. Where a copy has left
the record of the push behind, a notice says that manifest.json and times may differ; the images do not.

Examples:
  airgap pull oci://registry.example.com/bundles/app:1.1 -o app-1.1.tar
  airgap pull oci://registry.example.com/bundles/app:1.1 -o app-1.1.tar --reuse app-1.0.tar
`;

export function pullCommand(command: Command, session: Session) {
  const flagged = command
    .argument('<source>', 'oci://REGISTRY/REPOSITORY:TAG, or with a digest')
    .requiredOption('-o, --output <bundle>', 'output file')
    .option('--reuse <bundle>', 'copy blobs from this bundle or its URL (repeatable)', repeated)
    .addOption(splitOption())
    .addOption(configOption);
  return connectionFlags(flagged)
    .addOption(concurrencyOption)
    .addOption(progressOption)
    .addOption(jsonOption)
    .addHelpText('after', DETAILS)
    .action(async (source, flags) => {
      session.json = flags.json === true;
      const { environment, signal } = session;
      const config = await readConfig(flags.config, environment);
      const { output, reuse, split } = flags;
      const options = {
        ...(await remoteOptions(flags, environment)),
        credentials: await configuredCredentials(config, environment),
        credentialFiles: environment.credentialFiles,
        ...{ source, output, reuse, split, signal },
      };
      const { onEvent, close } = openReporter(flags.progress, session);
      const result = await pull({ ...options, onEvent }).finally(close);
      if (session.json) printJson(result, session);
      else stdout(renderWritten(result), session);
    });
}
