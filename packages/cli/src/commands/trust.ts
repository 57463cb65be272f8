import { AirgapError, distrust, trust, trustedConfigs } from '@airgap/core';
import type { Command } from '@commander-js/extra-typings';
import { trustFile } from '../options/config.ts';
import { jsonOption } from '../options/display.ts';
import { printable } from '../render/printable.ts';
import { renderTrust, renderTrusted } from '../render/trust.ts';
import { printJson, type Session, stdout } from '../session.ts';

const EXAMPLES = `
Examples:
  airgap trust
  airgap trust ~/work/app
  airgap trust --list
  airgap trust --remove ~/work/app

A change of airgap.yaml ends the trust: check the file, and run airgap trust again.
`;

export function trustCommand(command: Command, session: Session) {
  return command
    .argument('[dir]', 'folder with the airgap.yaml (default: the working folder)')
    .option('--list', 'list the trusted configs')
    .option('--remove', 'no longer trust the airgap.yaml of the folder')
    .addOption(jsonOption)
    .addHelpText('after', EXAMPLES)
    .action(async (dir, flags) => {
      session.json = flags.json === true;
      checkFlags(dir, flags);
      const store = trustFile(session.environment);
      const options = { folder: dir ?? '.', store };
      if (flags.list) print({ trusted: await trustedConfigs(store) }, renderTrusted, session);
      else if (flags.remove) print(await distrust(options), renderRemoved, session);
      else print(await trust(options), renderTrust, session);
    });
}

interface TrustFlags {
  readonly list?: true | undefined;
  readonly remove?: true | undefined;
}

/** @throws AirgapError `USAGE` for flags that cannot be combined */
function checkFlags(dir: string | undefined, { list, remove }: TrustFlags): void {
  if (!list || (!remove && dir === undefined)) return;
  throw new AirgapError('USAGE', '--list takes no folder and no --remove', { hint: 'Pass --list alone.' });
}

function print<T>(result: T, render: (result: T) => string, session: Session): void {
  if (session.json) printJson(result, session);
  else stdout(render(result), session);
}

function renderRemoved({ path, removed }: Awaited<ReturnType<typeof distrust>>): string {
  return `${removed ? 'no longer trusted' : 'was not trusted'}: ${printable(path)}\n`;
}
