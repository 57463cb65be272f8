import { AirgapError, kots, type RequiredRelease, readTextFile } from '@airgap/core';
import { type Command, Option } from '@commander-js/extra-typings';
import { InvalidArgumentError } from 'commander';
import { jsonOption, progressOption } from '../options/display.ts';
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
const requiredOption = new Option(
  '--required <label=cursor>',
  'a version that must be installed before (repeatable)',
).argParser(requiredRelease);

export function kotsCommand(command: Command, session: Session) {
  return command
    .argument('<bundle>', 'bundle file or OCI layout')
    .addOption(outputOption)
    .option('--release <path>', 'directory with the manifests of the release, or its app.tar.gz')
    .option('--app <slug>', 'slug of the app')
    .option('--channel-id <id>', 'ID of a channel of the license')
    .option('--channel-name <name>', 'name of the channel')
    .option('--version-label <label>', 'version of the release')
    .option('--cursor <number>', 'sequence of the release in its channel')
    .addOption(requiredOption)
    .option('--is-required', 'later versions require this one')
    .option('--release-notes <file>', 'file with the release notes')
    .option('--previous <file>', 'earlier .airgap: what is not given here is taken from it')
    .option(
      '--delta <base>',
      'leave out layers that this bundle or .airgap has, which the customer has pushed',
    )
    .option('--omit-unchanged', 'with --delta: leave out unchanged images')
    .option('--metadata-only', 'leave out all images')
    .addOption(progressOption)
    .addOption(jsonOption)
    .addHelpText('after', DETAILS)
    .action(async (bundle, { progress, json, releaseNotes, ...flags }) => {
      session.json = json === true;
      const { signal, environment } = session;
      if (flags.output === '-') throw notAStream();
      const notes =
        releaseNotes === undefined ? undefined : await readTextFile('the release notes', releaseNotes);
      const { onEvent, close } = openReporter(progress, session);
      const result = await kots({
        ...flags,
        bundle,
        releaseNotes: notes,
        sourceDateEpoch: sourceDateEpoch(environment.sourceDateEpoch),
        signal,
        onEvent,
      }).finally(close);
      stderr(renderKotsWarnings(result.warnings, flags.delta));
      if (session.json) printJson(result, session);
      else stdout(renderKots(result), session);
    });
}

function notAStream(): AirgapError {
  return new AirgapError('USAGE', 'a .airgap cannot be streamed', { hint: 'Write it to a file with -o.' });
}

function requiredRelease(text: string, before: readonly RequiredRelease[] = []): RequiredRelease[] {
  const at = text.lastIndexOf('=');
  if (at <= 0 || at === text.length - 1) throw new InvalidArgumentError('Expected LABEL=CURSOR.');
  return [...before, { versionLabel: text.slice(0, at), updateCursor: text.slice(at + 1) }];
}
