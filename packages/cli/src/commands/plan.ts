import { plan } from '@airgap/core';
import type { Command } from '@commander-js/extra-typings';
import { lintOption } from '../options/display.ts';
import { lockedOption, referrersOption } from '../options/inputs.ts';
import { renderPlan } from '../render/plan.ts';
import { printJson, type Session, stdout } from '../session.ts';
import { remoteFlags, runRemote } from './remote.ts';

const EXAMPLES = `
Examples:
  airgap plan app.yaml --app my-app
  airgap plan app.yaml --from oci-archive:app.tar
  airgap plan app.yaml --json | jq .bundleSize
`;

export function planCommand(command: Command, session: Session) {
  return remoteFlags(command)
    .addOption(referrersOption)
    .addOption(lockedOption)
    .addOption(lintOption)
    .addHelpText('after', EXAMPLES)
    .action(async (inputs, flags) => {
      const { sources: _, ...result } = await runRemote(session, inputs, flags, plan);
      if (session.json) printJson(result, session);
      else stdout(renderPlan(result), session);
    });
}
