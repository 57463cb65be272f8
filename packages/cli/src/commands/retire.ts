import { AirgapError, restore, retire } from '@airgap/core';
import type { Command } from '@commander-js/extra-typings';
import { readConfig } from '../options/config.ts';
import { connectionFlags, type RemoteFlags, remoteOptions } from '../options/connection.ts';
import { configuredCredentials } from '../options/credentials.ts';
import { jsonOption } from '../options/display.ts';
import { appOption, configOption, registryDomainOption } from '../options/inputs.ts';
import { repeated } from '../options/parsers.ts';
import { renderRestored, renderRetired } from '../render/retire.ts';
import { openReporter } from '../reporters/index.ts';
import { printJson, type Session, stdout } from '../session.ts';

const DETAILS = `
For tags of registry.replicated.com that you cannot delete. Each tag gets a fixed empty image; the manifest
that it had is saved to a file first, from which --restore puts it back.

Examples:
  airgap retire registry.replicated.com/my-app/worker:1.0 --yes
  airgap retire registry.replicated.com/my-app/worker:1.0 --specs app.yaml --app my-app --yes
  airgap retire --restore my-app-worker-1.0-0123456789ab.json registry.replicated.com/my-app/worker:1.0
`;

export function retireCommand(command: Command, session: Session) {
  const flagged = command
    .argument('<tag...>', 'HOST/APP/NAME:TAG at registry.replicated.com or --registry-domain')
    .option('--yes', 'confirm that the tags may be overwritten')
    .option(
      '--specs <input>',
      'refuse tags that these files or directories still name (repeatable)',
      repeated,
    )
    .option('--save <dir>', 'folder for the replaced manifests', '.')
    .option('--restore <file>', 'put a saved manifest under the tag again')
    .addOption(appOption)
    .addOption(registryDomainOption)
    .addOption(configOption);
  return connectionFlags(flagged)
    .addOption(jsonOption)
    .addHelpText('after', DETAILS)
    .action(async (names, flags) => {
      session.json = flags.json === true;
      const { environment, signal } = session;
      const config = await readConfig(flags.config, environment);
      const { onEvent } = openReporter('plain', session);
      const options = {
        ...(await remoteOptions(flags, environment)),
        credentials: await configuredCredentials(config, environment),
        credentialFiles: environment.credentialFiles,
        locations: {
          app: flags.app ?? config.app,
          registries: config.registries,
          registryDomain: flags.registryDomain,
        },
        ...{ signal, onEvent },
      };
      if (flags.restore !== undefined) {
        const result = await restore({ ...options, name: onlyName(names), file: flags.restore });
        if (session.json) printJson(result, session);
        else stdout(renderRestored(result), session);
        return;
      }
      const { specs, save, yes = false } = flags;
      const result = await retire({ ...options, names, specs, save, confirmed: yes });
      if (session.json) printJson(result, session);
      else stdout(renderRetired(result, repeatedFlags(flags)), session);
    });
}

function onlyName(names: readonly string[]): string {
  const [name] = names;
  if (name !== undefined && names.length === 1) return name;
  throw new AirgapError('USAGE', `--restore takes one tag, got ${names.length}`, {
    hint: 'Restore each tag with its own file.',
  });
}

interface ConnectionFlags extends RemoteFlags {
  readonly registryDomain?: string | undefined;
  readonly config?: string | undefined;
}

/** The flags that a restore needs to reach the registry in the same way. */
function repeatedFlags(flags: ConnectionFlags): string[] {
  const { registryDomain, config, plainHttp = [], insecure = [], ca = [], cert = [], key = [] } = flags;
  const values: readonly (readonly [string, readonly (string | undefined)[]])[] = [
    ['--registry-domain', [registryDomain]],
    ['--config', [config]],
    ['--plain-http', plainHttp],
    ['--insecure', insecure],
    ['--ca', ca],
    ['--cert', cert],
    ['--key', key],
  ];
  return values.flatMap(([flag, given]) =>
    given.flatMap(value => (value === undefined ? [] : [flag, value])),
  );
}
