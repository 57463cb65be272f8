import { plan } from '@airgap/core';
import { renderPlan } from '../render/plan.ts';
import { print, printJson, type Session } from '../session.ts';
import { remoteCommand, runRemote } from './remote.ts';

const EXAMPLES = `
Examples:
  airgap plan app.yaml --app my-app
  airgap plan app.yaml --json | jq .bundleSize
`;

export function planCommand(session: Session) {
  return remoteCommand('plan', 'say what a build would fetch, and how large the bundle would be')
    .addHelpText('after', EXAMPLES)
    .action(async (specs, flags) => {
      const { sources: _, ...result } = await runRemote(session, specs, flags, plan);
      if (session.json) printJson(result, session);
      else print(renderPlan(result), session);
    });
}
