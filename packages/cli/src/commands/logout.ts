import { logout } from '@airgap/core';
import type { Command } from '@commander-js/extra-typings';
import { jsonOption } from '../options/display.ts';
import { printable } from '../render/printable.ts';
import { printJson, type Session, stdout } from '../session.ts';

const EXAMPLES = `
Example:
  airgap logout registry.example.com
`;

export function logoutCommand(command: Command, session: Session) {
  return command
    .argument('<registry>', 'registry host, with its port if any')
    .addOption(jsonOption)
    .addHelpText('after', EXAMPLES)
    .action(async (registry, flags) => {
      session.json = flags.json === true;
      const { environment, signal } = session;
      const result = await logout({ registry, dockerConfig: environment.dockerConfig, signal });
      const outcome = result.removed ? 'logged out of' : 'not logged in to';
      if (session.json) printJson(result, session);
      else stdout(`${outcome} ${printable(result.registry)}\n`, session);
    });
}
