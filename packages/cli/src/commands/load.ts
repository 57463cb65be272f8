import {
  isRuntimeTarget,
  loadRegistry,
  loadRuntime,
  NAMINGS,
  type OutputOptions,
  type Outputs,
  type SignatureOptions,
} from '@airgap/core';
import { type Command, Option } from '@commander-js/extra-typings';
import { readConfig, readSignaturePolicy } from '../options/config.ts';
import {
  concurrencyOption,
  connectionFlags,
  type RemoteFlags,
  remoteOptions,
} from '../options/connection.ts';
import { configuredCredentials } from '../options/credentials.ts';
import { jsonOption, progressOption } from '../options/display.ts';
import { configOption } from '../options/inputs.ts';
import { outputFlags, outputOptions } from '../options/outputs.ts';
import { refuseRegistryFlags } from '../options/runtime-flags.ts';
import { checksumsFileOption, publicKeyOption, signatureOption } from '../options/signing.ts';
import { existingOption, imagesOption } from '../options/target-tags.ts';
import { baseOption } from '../options/transport.ts';
import { renderLoad } from '../render/load.ts';
import { renderLoadRuntime } from '../render/load-runtime.ts';
import { renderOutputs } from '../render/outputs.ts';
import { openReporter, type ProgressStyle } from '../reporters/index.ts';
import { printJson, type Session, stderr, stdout } from '../session.ts';

const EXAMPLES = `
Examples:
  airgap load bundle.tar registry.local:5000
  airgap load bundle.tar registry.local/vendor --naming host --dry-run
  airgap load bundle.tar registry.local --images 'quay.io/team/*' --on-existing fail
  airgap load bundle.tar registry.local --specs manifests/ --rewrite local/ --pull-secret secret.yaml
  airgap load bundle.tar ghcr.io/vendor --specs manifests/ --rewrite proxied/ --proxy-names --app my-app
  airgap load app-1.1.delta.tar registry.local:5000 --base app-1.0.tar
  airgap load bundle.tar registry.local --public-key vendor.pub
  airgap load bundle.tar docker:
  airgap load bundle.tar containerd:k8s.io
`;

const namingOption = new Option(
  '--naming <how>',
  'how to map names: path (drop the host), host (keep it), or kots (last segment only)',
)
  .choices(NAMINGS)
  .default('path' as const);

export function loadCommand(command: Command, session: Session) {
  const flagged = command
    .argument('<bundle>', 'bundle file or URL, first part, delta or OCI layout')
    .argument('<target>', 'REGISTRY[/PREFIX], or docker:, podman:, containerd:[NAMESPACE]')
    .addOption(baseOption)
    .addOption(namingOption)
    .addOption(imagesOption('load'))
    .addOption(existingOption)
    .addOption(publicKeyOption)
    .addOption(checksumsFileOption)
    .addOption(signatureOption)
    .option('--check-blobs', 'query also the blobs of images whose manifests the registry has')
    .option('--dry-run', 'show what would be pushed without pushing it')
    .addOption(configOption);
  return connectionFlags(outputFlags(flagged))
    .addOption(concurrencyOption)
    .addOption(progressOption)
    .addOption(jsonOption)
    .addHelpText('after', EXAMPLES)
    .action(async (bundle, target, flags, command) => {
      session.json = flags.json === true;
      if (isRuntimeTarget(target)) {
        refuseRegistryFlags(command, target, [bundle, ...(flags.base ?? [])]);
        return loadIntoRuntime(bundle, target, flags, session);
      }
      const { environment, signal } = session;
      const config = await readConfig(flags.config, environment);
      const { base, naming, images, onExisting, checkBlobs, dryRun } = flags;
      const { publicKey, checksums, signature } = flags;
      const options = {
        ...(await remoteOptions(flags, environment)),
        credentials: await configuredCredentials(config, environment),
        credentialFiles: environment.credentialFiles,
        ...{ bundle, target, base, naming, images, onExisting, checkBlobs, dryRun, signal },
        ...{ publicKey, checksums, signature, signatures: config.signatures },
      };
      const requested = await outputOptions(flags, config);
      // Invalid outputs fail before anything is pushed.
      const outputs = requested && (await openRequested({ ...options, ...requested }));
      const { onEvent, close } = openReporter(flags.progress, session);
      const result = await loadRegistry({ ...options, onEvent }).finally(close);
      const written = await outputs?.write(result);
      if (written) stderr(renderOutputs(written, flags.rewrite));
      if (session.json) printJson({ ...result, outputs: written }, session);
      else stdout(renderLoad(result), session);
    });
}

async function openRequested(options: OutputOptions): Promise<Outputs> {
  const { openOutputs } = await import('../options/written-outputs.ts');
  return openOutputs(options);
}

interface RuntimeFlags extends SignatureOptions, RemoteFlags {
  readonly base?: string[] | undefined;
  readonly images?: string[] | undefined;
  readonly dryRun?: true | undefined;
  readonly progress: ProgressStyle;
  readonly config?: string | undefined;
}

async function loadIntoRuntime(
  bundle: string,
  target: string,
  flags: RuntimeFlags,
  session: Session,
): Promise<void> {
  const { base, images, dryRun, progress, publicKey, checksums, signature, config } = flags;
  const remote = await remoteOptions(flags, session.environment);
  const { onEvent, close } = openReporter(progress, session);
  const signatures = await readSignaturePolicy(config, session.environment);
  const signed = { publicKey, checksums, signature, signatures };
  const loaded = { bundle, target, base, images, dryRun, ...signed };
  const options = { ...remote, ...loaded, signal: session.signal, onEvent };
  const result = await loadRuntime(options).finally(close);
  if (session.json) printJson(result, session);
  else stdout(renderLoadRuntime(result), session);
}
