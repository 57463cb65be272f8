import { build } from '@airgap/core';
import { Command } from '@commander-js/extra-typings';
import { formatBytes } from '../render/bytes.ts';
import { formatDuration } from '../render/duration.ts';
import { renderPlan } from '../render/plan.ts';
import { print, printJson, type Session, tell } from '../session.ts';
import { type CommonFlags, runRemote, tellFindings, withRemoteFlags } from './remote.ts';

export function buildCommand(session: Session) {
  const command = new Command('build')
    .description('build the bundle: one verified OCI-layout tar of all images')
    .argument('<spec...>', 'files, directories, or - for standard input')
    .addHelpText(
      'after',
      '\nExamples:\n  airgap build app.yaml --app my-app -o bundle.tar\n  airgap build manifests/ --platform linux/arm64 -o - | ssh host "cat > bundle.tar"\n',
    );
  return withRemoteFlags(command)
    .requiredOption('-o, --output <bundle>', 'the file to write, or - to stream it to stdout')
    .option('--strict', 'refuse to build while the lint finds anything')
    .action(async (specs, flags) => {
      const { output, strict } = flags;
      const streamed = output === '-';
      const { sources, ...result } = await runRemote(
        session,
        specs as string[],
        flags as CommonFlags,
        options =>
          build({
            ...options,
            onEvent: event => {
              if (event.type === 'finding' && strict)
                tell(
                  `${event.finding.position.file}:${event.finding.position.line}:${event.finding.position.column}: ${event.finding.rule}: ${event.finding.message}\n`,
                );
              options.onEvent(event);
            },
            output: streamed ? process.stdout : output,
            strict,
            sourceDateEpoch: session.environment.sourceDateEpoch,
          }),
      );
      tellFindings(result.findings, sources, session);
      const write = streamed ? tell : print;
      if (session.json && !streamed) printJson(result);
      else
        write(
          `${renderPlan({ ...result, sources })}${result.path ?? 'streamed'}: ${formatBytes(result.size)} in ${formatDuration(result.elapsed)}, ${result.digest}\n`,
        );
    });
}
