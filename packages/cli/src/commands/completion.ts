import { Argument, type Command } from '@commander-js/extra-typings';
import { bashCompletion } from '../render/shell/bash.ts';
import { commandModels } from '../render/shell/command-model.ts';
import { fishCompletion } from '../render/shell/fish.ts';
import { zshCompletion } from '../render/shell/zsh.ts';
import { type Session, stdout } from '../session.ts';

const EXAMPLES = `
Examples:
  source <(airgap completion bash)       # also in ~/.bashrc
  source <(airgap completion zsh)        # after compinit
  airgap completion fish | source
  airgap completion bash > /etc/bash_completion.d/airgap
`;

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

export function completionCommand(command: Command, session: Session) {
  return command
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish'] as const))
    .addHelpText('after', EXAMPLES)
    .action((shell, _flags, self) => {
      stdout(SHELLS[shell](commandModels(self.parent ?? self)), session);
    });
}
