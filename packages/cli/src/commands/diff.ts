import { diff } from '@airgap/core';
import { type Command, Option } from '@commander-js/extra-typings';
import { concurrencyOption, connectionFlags, remoteOptions } from '../options/connection.ts';
import { jsonOption } from '../options/display.ts';
import { baseOption } from '../options/transport.ts';
import { renderDifference } from '../render/difference.ts';
import { renderReleaseNotes } from '../render/release-notes.ts';
import { openReporter } from '../reporters/index.ts';
import { printJson, type Session, stdout } from '../session.ts';

const DETAILS = `
OLD and NEW are bundles, first parts, deltas or OCI layout directories; a delta counts as its complete
bundle. Only indexes, manifests and configs are read. Layers
are compared by the digests in the manifests and not hashed; use airgap verify for that.
Exit status: 0 if all names point to the same images, 1 if not, 2 if a bundle is unreadable or
incomplete, 4 if a document does not match its digest.

Examples:
  airgap diff bundle-1.0.tar bundle-1.1.tar
  airgap diff old-layout/ bundle.tar
  airgap diff bundle-1.0.tar bundle-1.1.tar --format markdown >> RELEASE.md
  airgap diff old.tar new.tar --json | jq .onlyNew.bytes
`;

const formatOption = new Option('--format <format>', 'output format; markdown is a table for release notes')
  .choices(['text', 'json', 'markdown'] as const)
  .default('text' as const);

export function diffCommand(command: Command, session: Session) {
  const flagged = command
    .argument('<old>', 'older bundle, its URL, or OCI layout directory')
    .argument('<new>', 'newer bundle, its URL, or OCI layout directory')
    .addOption(baseOption)
    .addOption(formatOption);
  return connectionFlags(flagged)
    .addOption(concurrencyOption)
    .addOption(jsonOption)
    .addHelpText('after', DETAILS)
    .action(async (before, after, flags) => {
      session.json = flags.json === true || flags.format === 'json';
      const { onEvent } = openReporter('plain', session);
      const remote = { ...(await remoteOptions(flags, session.environment)), onEvent };
      const { signal } = session;
      const result = await diff({ ...remote, old: before, new: after, base: flags.base, signal });
      session.status = result.differs ? 1 : 0;
      if (session.json) printJson(result, session);
      else if (flags.format === 'markdown') stdout(renderReleaseNotes(result), session);
      else stdout(renderDifference(result, session.out), session);
    });
}
