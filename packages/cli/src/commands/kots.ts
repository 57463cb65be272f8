import { kots } from '@airgap/core';
import { type Command, Option } from '@commander-js/extra-typings';
import { jsonOption, progressOption } from '../options/display.ts';
import { airgapFields, airgapFlags } from '../options/kots.ts';
import { sourceDateEpoch } from '../options/parsers.ts';
import { renderKots, renderKotsWarnings } from '../render/kots.ts';
import { openReporter } from '../reporters/index.ts';
import { printJson, type Session, stderr, stdout } from '../session.ts';

const DETAILS = `
Without --release the archive has only images, for kubectl kots admin-console push-images.
With one it can be installed: --channel-id must be a channel of the customer's license.

Examples:
  airgap kots bundle.tar -o app.airgap
  airgap kots bundle.tar -o app.airgap --release manifests/ --channel-id 1vusIYZLAVxMG6q760OJmRKj5i5 \\
    --version-label 1.2.0 --cursor 12
  airgap kots bundle.tar -o app-1.3.airgap --release manifests/ --previous app-1.2.airgap --delta app-1.2.airgap
  airgap kots bundle.tar -o app-meta.airgap --release manifests/ --previous app-1.2.airgap --metadata-only
`;

const outputOption = new Option('-o, --output <file>', 'the .airgap to write').makeOptionMandatory();

export function kotsCommand(command: Command, session: Session) {
  return airgapFlags(command.argument('<bundle>', 'bundle file or OCI layout').addOption(outputOption))
    .option('--app <slug>', 'slug of the app')
    .option(
      '--delta <base>',
      'leave out layers that this bundle or .airgap has, which the customer has pushed',
    )
    .option('--metadata-only', 'leave out all images')
    .addOption(progressOption)
    .addOption(jsonOption)
    .addHelpText('after', DETAILS)
    .action(async (bundle, { progress, json, output, app, delta, metadataOnly, ...flags }) => {
      session.json = json === true;
      const { signal, environment } = session;
      const fields = await airgapFields(flags);
      const { onEvent, close } = openReporter(progress, session);
      const result = await kots({
        ...fields,
        bundle,
        output,
        app,
        delta,
        metadataOnly,
        sourceDateEpoch: sourceDateEpoch(environment.sourceDateEpoch),
        signal,
        onEvent,
      }).finally(close);
      stderr(renderKotsWarnings(result.warnings, delta));
      if (session.json) printJson(result, session);
      else stdout(renderKots(result), session);
    });
}
