import { AirgapError, type VerifyOptions, type VerifyResult, verify } from '@airgap/core';
import type { Command } from '@commander-js/extra-typings';
import { readSignaturePolicy } from '../options/config.ts';
import { concurrencyOption, connectionFlags, remoteOptions } from '../options/connection.ts';
import { jsonOption, progressOption } from '../options/display.ts';
import { configOption } from '../options/inputs.ts';
import { checksumsFileOption, publicKeyOption, signatureOption } from '../options/signing.ts';
import { baseOption } from '../options/transport.ts';
import { renderVerification } from '../render/verification.ts';
import { openReporter } from '../reporters/index.ts';
import { printJson, type Session, stdout } from '../session.ts';

const EXAMPLES = `
Examples:
  airgap verify bundle.tar && airgap load bundle.tar registry.local:5000
  airgap verify bundle.tar.001
  airgap verify app-1.1.delta.tar --base app-1.0.tar
  airgap verify bundle.tar --public-key vendor.pub
  airgap verify s3://bundles/app-1.1.tar --public-key vendor.pub
  ssh host cat bundle.tar | airgap verify -
`;

export function verifyCommand(command: Command, session: Session) {
  const flagged = command
    .argument('<bundle...>', 'bundle files or URLs, first parts, OCI layouts, or - for stdin')
    .addOption(baseOption)
    .option('--allow-missing-base', 'accept a delta without the layers that it leaves to its base')
    .addOption(publicKeyOption)
    .addOption(checksumsFileOption)
    .addOption(signatureOption)
    .option('--digest <digest>', 'the sha256 that the file, or its index, must have: sha256:HEX')
    .option('--diff-ids', 'also decompress the layers and compare them with their configs (takes longer)')
    .addOption(configOption);
  return connectionFlags(flagged)
    .addOption(concurrencyOption)
    .addOption(progressOption)
    .addOption(jsonOption)
    .addHelpText('after', EXAMPLES)
    .action(async (bundles, flags) => {
      session.json = flags.json === true;
      const { base, allowMissingBase, publicKey, checksums, signature, digest, diffIds } = flags;
      if (bundles.length > 1) refuseSingle({ checksums, signature, digest });
      const { onEvent, close } = openReporter(flags.progress, session);
      const signatures = await readSignaturePolicy(flags.config, session.environment);
      const signed = { publicKey, checksums, signature, digest, signatures };
      const remote = await remoteOptions(flags, session.environment);
      const compared = { ...remote, base, allowMissingBase, diffIds, ...signed };
      const results: VerifyResult[] = [];
      try {
        for (const bundle of bundles)
          results.push(await verifyOne(bundle, { ...compared, signal: session.signal, onEvent }));
      } finally {
        close();
      }
      session.status = results.some(({ problems }) => problems.length > 0) ? 1 : 0;
      // One bundle prints its result as before; several print a list.
      if (session.json) printJson(results.length === 1 ? results[0] : results, session);
      else stdout(results.map(result => renderVerification(result, session.out)).join(''), session);
    });
}

/** @throws AirgapError `USAGE` for a flag that is about one bundle */
function refuseSingle(flags: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(flags)) {
    if (value === undefined) continue;
    throw new AirgapError('USAGE', `--${name} is for one bundle`, { hint: 'Verify the bundles one by one.' });
  }
}

function verifyOne(bundle: string, options: Omit<VerifyOptions, 'bundle'>): Promise<VerifyResult> {
  return verify({ ...options, bundle: bundle === '-' ? process.stdin : bundle });
}
