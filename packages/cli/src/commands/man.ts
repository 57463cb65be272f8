import type { Command } from '@commander-js/extra-typings';
import { renderManual } from '../render/manual.ts';
import { type Session, stdout } from '../session.ts';
import { version } from '../version.ts';

const EXAMPLES = `
Examples:
  airgap man | man -l -
  airgap man > /usr/local/share/man/man1/airgap.1
`;

export function manCommand(command: Command, session: Session) {
  return command.addHelpText('after', EXAMPLES).action((_flags, self) => {
    stdout(renderManual(self.parent ?? self, version(), new Date()), session);
  });
}
