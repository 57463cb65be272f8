import { plan } from '@airgap/core';
import { Command } from '@commander-js/extra-typings';
import { renderPlan } from '../render/plan.ts';
import { print, printJson, type Session } from '../session.ts';
import { type CommonFlags, runRemote, tellFindings, withRemoteFlags } from './remote.ts';

export function planCommand(session: Session) {
  const command = new Command('plan')
    .description('say what a build would fetch, and how large the bundle would be')
    .argument('<spec...>', 'files, directories, or - for standard input')
    .addHelpText(
      'after',
      '\nExamples:\n  airgap plan app.yaml --app my-app\n  airgap plan app.yaml --json | jq .bundleSize\n',
    );
  return withRemoteFlags(command).action(async (specs, flags) => {
    const { sources, ...result } = await runRemote(session, specs as string[], flags as CommonFlags, plan);
    tellFindings(result.findings, sources, session);
    if (session.json) printJson(result);
    else print(renderPlan({ ...result, sources }));
  });
}
