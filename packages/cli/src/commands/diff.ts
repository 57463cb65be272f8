import { diff } from '@airgap/core';
import type { Command } from '@commander-js/extra-typings';
import { jsonOption } from '../options/display.ts';
import { renderDifference } from '../render/difference.ts';
import { print, printJson, type Session } from '../session.ts';

const DETAILS = `
Each of the two is a bundle or an OCI layout directory. Only their documents are read: layers are
compared by the digests that manifests promise, and not hashed; airgap verify does that.
Exit status: 0 when every name stands for the same image, 1 when not, 2 when one cannot be read
or is not whole, 4 when a document does not match its digest.

Examples:
  airgap diff bundle-1.0.tar bundle-1.1.tar
  airgap diff old-layout/ bundle.tar
  airgap diff old.tar new.tar --json | jq .onlyNew.bytes
`;

export function diffCommand(command: Command, session: Session) {
  return command
    .argument('<old>', 'the bundle or OCI layout directory that came first')
    .argument('<new>', 'the one that comes after it')
    .addOption(jsonOption)
    .addHelpText('after', DETAILS)
    .action(async (old, now, flags) => {
      session.json = flags.json === true;
      const result = await diff({ old, new: now, signal: session.signal });
      session.status = result.differs ? 1 : 0;
      if (session.json) printJson(result, session);
      else print(renderDifference(result, session.out), session);
    });
}
