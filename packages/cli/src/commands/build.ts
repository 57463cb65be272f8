import { dirname, resolve } from 'node:path';
import { AirgapError, build, isObjectUrl } from '@airgap/core';
import { type Command, Option } from '@commander-js/extra-typings';
import { lintOption } from '../options/display.ts';
import { lockedOption, referrersOption } from '../options/inputs.ts';
import { airgapFields, airgapFlags } from '../options/kots.ts';
import { repeated, sourceDateEpoch } from '../options/parsers.ts';
import { requiredOutput } from '../options/required-output.ts';
import { checksumsOption, signOption, sumsOptions } from '../options/signing.ts';
import { deltaFromOption, partSizeOption, splitOption } from '../options/transport.ts';
import { copyProgram } from '../program-file.ts';
import { renderBuild } from '../render/build.ts';
import { renderKotsWarnings } from '../render/kots.ts';
import { printJson, type Session, stderr, stdout } from '../session.ts';
import { remoteFlags, runRemote } from './remote.ts';

const EXAMPLES = `
Examples:
  airgap build app.yaml --app my-app -o bundle.tar
  airgap build manifests/ --platform linux/arm64 -o bundle.tar --strict
  airgap build app.yaml --reuse bundle-1.0.tar -o bundle-1.1.tar
  airgap build app.yaml --delta-from bundle-1.0.tar -o bundle-1.1.delta.tar
  airgap build app.yaml --delta-from 1.0.lock -o bundle-1.1.delta.tar
  airgap build app.yaml --split fat32 -o /media/usb/bundle.tar
  airgap build app.yaml --app my-app --license license.yaml --via-proxy -o bundle.tar
  airgap build app.yaml --sign cosign.key -o bundle.tar
  airgap build app.yaml -o bundle.tar --with-airgap
  airgap build manifests/ -o app.airgap --release manifests/ --channel-id 1vusIYZLAVxMG6q760OJmRKj5i5
  airgap build app.yaml --from oci-archive:app.tar --from docker: -o bundle.tar
  airgap build app.yaml -o bundle-1.1.tar --report report.html --since bundle-1.0.tar
  airgap build app.yaml -o s3://releases/app/bundle.tar
  airgap build app.yaml -o - | ssh host "cat > bundle.tar"
`;

const reuseOption = new Option(
  '--reuse <bundle>',
  'copy blobs from an existing bundle or OCI layout instead of downloading them (repeatable)',
).argParser(repeated);

const reportOption = new Option('--report <file>', 'write an HTML report of the bundle');
const sinceOption = new Option('--since <bundle>', 'with --report: show what has changed since this bundle');

export function buildCommand(command: Command, session: Session) {
  return airgapFlags(remoteFlags(command))
    .addOption(referrersOption)
    .addOption(lockedOption)
    .addOption(lintOption)
    .option('-o, --output <bundle>', 'output file, s3://bucket/key, or - for stdout (required)')
    .option('--with-airgap', 'copy this program beside the bundle, for the other side')
    .option('--strict', 'fail if the lint reports a warning or an error')
    .addOption(reuseOption)
    .addOption(splitOption())
    .addOption(partSizeOption)
    .addOption(deltaFromOption)
    .addOption(checksumsOption)
    .addOption(signOption)
    .addOption(reportOption)
    .addOption(sinceOption)
    .addHelpText('after', EXAMPLES)
    .action(async (inputs, { output: requested, strict, reuse, split, partSize, deltaFrom, ...flagged }) => {
      const { checksums, sign, report, since, withAirgap, ...rest } = flagged;
      const output = requiredOutput(requested, 'bundle.tar');
      // Findings that fail the build are shown in full.
      const flags = strict ? { ...rest, lint: 'full' as const } : rest;
      session.streaming = output === '-';
      if (session.streaming) refuseTerminal();
      if (withAirgap && (session.streaming || isObjectUrl(output))) throw noFolder();
      const kots = await airgapFields(rest);
      let program: string | undefined;
      const companions = async () => {
        program = await copyProgram(dirname(resolve(output)));
        return [program];
      };
      const { sources: _, ...result } = await runRemote(session, inputs, flags, options =>
        build({
          ...options,
          output: session.streaming ? process.stdout : output,
          strict,
          reuse,
          split,
          partSize,
          deltaFrom,
          ...sumsOptions({ checksums, sign }, session),
          companions: withAirgap && companions,
          report,
          since,
          kots,
          sourceDateEpoch: sourceDateEpoch(session.environment.sourceDateEpoch),
        }),
      );
      if (result.kots) stderr(renderKotsWarnings(result.kots.warnings, deltaFrom?.[0]));
      if (session.json) printJson({ ...result, program }, session);
      else stdout(renderBuild(result, program), session);
    });
}

function noFolder(): AirgapError {
  return new AirgapError('USAGE', '--with-airgap needs a bundle in a file', {
    hint: 'Pass a file with -o, or omit --with-airgap.',
  });
}

function refuseTerminal(): void {
  if (!process.stdout.isTTY) return;
  throw new AirgapError('USAGE', 'refusing to write a tar to a terminal', {
    hint: 'Redirect stdout to a file or a pipe, or pass a file with -o.',
  });
}
