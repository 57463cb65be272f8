import { AirgapError, type BuildResult, build } from '@airgap/core';
import { type Command, Option } from '@commander-js/extra-typings';
import { repeated, sourceDateEpoch } from '../options/parsers.ts';
import { referrersOption } from '../options/shared.ts';
import { formatBytes } from '../render/bytes.ts';
import { formatDuration } from '../render/duration.ts';
import { renderPlan } from '../render/plan.ts';
import { printable } from '../render/printable.ts';
import { print, printJson, type Session } from '../session.ts';
import { remoteFlags, runRemote } from './remote.ts';

const EXAMPLES = `
Examples:
  airgap build app.yaml --app my-app -o bundle.tar
  airgap build manifests/ --platform linux/arm64 -o bundle.tar --strict
  airgap build app.yaml --reuse bundle-1.0.tar -o bundle-1.1.tar
  airgap build app.yaml --app my-app --license license.yaml --via-proxy -o bundle.tar
  airgap build app.yaml -o - | ssh host "cat > bundle.tar"
`;

const reuseOption = new Option(
  '--reuse <bundle>',
  'copy blobs from this older bundle or OCI layout instead of downloading them (repeatable)',
).argParser(repeated);

export function buildCommand(command: Command, session: Session) {
  return remoteFlags(command)
    .addOption(referrersOption)
    .requiredOption('-o, --output <bundle>', 'the file to write, or - to stream it to stdout')
    .option('--strict', 'refuse to build while the lint finds a warning or an error')
    .addOption(reuseOption)
    .addHelpText('after', EXAMPLES)
    .action(async (specs, { output, strict, reuse, ...flags }) => {
      session.streaming = output === '-';
      if (session.streaming) refuseTerminal();
      const { sources: _, ...result } = await runRemote(session, specs, flags, options =>
        build({
          ...options,
          output: session.streaming ? process.stdout : output,
          strict,
          reuse,
          sourceDateEpoch: sourceDateEpoch(session.environment.sourceDateEpoch),
        }),
      );
      if (session.json) printJson(result, session);
      else print(`${renderPlan(result)}${summary(result)}`, session);
    });
}

function summary({ path = 'streamed', size, elapsed, digest }: Omit<BuildResult, 'sources'>): string {
  return `${printable(path)}: ${formatBytes(size)} in ${formatDuration(elapsed)}, ${digest}\n`;
}

function refuseTerminal(): void {
  if (!process.stdout.isTTY) return;
  throw new AirgapError('USAGE', 'a bundle is not for a terminal', {
    hint: 'Send it to a file or a pipe, or name a file with -o.',
  });
}
