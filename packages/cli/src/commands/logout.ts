import { logout } from '@airgap/core';
import type { Command } from '@commander-js/extra-typings';
import { jsonOption } from '../options/display.ts';
import { printable } from '../render/printable.ts';
import { print, printJson, type Session } from '../session.ts';

const EXAMPLES = `
Example:
  airgap logout registry.example.com
`;

export function logoutCommand(command: Command, session: Session) {
  return command
    .argument('<registry>', 'its host, with a port if it has one')
    .addOption(jsonOption)
    .addHelpText('after', EXAMPLES)
    .action(async (registry, flags) => {
      session.json = flags.json === true;
      const { environment, signal } = session;
      const result = await logout({ registry, dockerConfig: environment.dockerConfig, signal });
      const said = result.removed ? 'logged out of' : 'there was no login to';
      if (session.json) printJson(result, session);
      else print(`${said} ${printable(result.registry)}\n`, session);
    });
}
