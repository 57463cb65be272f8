import { isArtifactName, type ON_EXISTING, push } from '@airgap/core';
import { type Command, type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { byteSize } from '../options/parsers.ts';
import { existingOption, imagesOption } from '../options/target-tags.ts';
import { baseOption } from '../options/transport.ts';
import { renderPush } from '../render/load.ts';
import { printJson, type Session, stdout } from '../session.ts';
import { runPushBundle } from './push-bundle.ts';
import { type CommonFlags, requestFlags, runRemote } from './remote.ts';

const DETAILS = `
SOURCE is a bundle, an OCI layout or archive, one image of a runtime (docker:NAME, podman:NAME,
containerd:[NAMESPACE:]NAME), [NAME=]oci:DIR[:IMAGE] (also oci-archive: and docker-archive:), or an input
as build reads it. Images keep the last components of their names, and their tags.

oci://REGISTRY/REPOSITORY:TAG stores the bundle itself; airgap pull makes the same file of it again.

registry.replicated.com, and a host that --registry-domain names, take only HOST/APP/NAME:TAG. Other forms,
attestations and layers of 2 GB are refused before the first byte is sent.

Examples:
  airgap push docker:worker:1.0 registry.replicated.com/my-app
  airgap push bundle.tar registry.replicated.com/my-app --dry-run
  airgap push oci:build/worker registry.replicated.com/my-app/worker:1.0 --drop-attestations
  airgap push app.yaml registry.replicated.com/my-app --app my-app --from docker:
  airgap push app-1.1.tar oci://registry.example.com/bundles/app:1.1
  airgap push bundle.tar registry.local:5000/vendor --images '*/worker:*'
`;

const maxLayerOption = new Option(
  '--max-layer <size>',
  'refuse layers of this size or more (default for registry.replicated.com: 2GB)',
).argParser(byteSize);

interface PushFlags extends CommonFlags {
  readonly base?: string[] | undefined;
  readonly images?: string[] | undefined;
  readonly onExisting: (typeof ON_EXISTING)[number];
  readonly dropAttestations?: true | undefined;
  readonly maxLayer?: number | undefined;
  readonly dryRun?: true | undefined;
}

export function pushCommand(command: Command, session: Session) {
  const withArguments = command
    .argument('<source>', 'bundle, layout, image of a runtime, or input')
    .argument(
      '<target>',
      'REGISTRY[/PREFIX], REGISTRY/.../NAME:TAG for one image, or oci://REGISTRY/REPOSITORY:TAG',
    );
  const added: CommandUnknownOpts = requestFlags(withArguments)
    .addOption(imagesOption('push'))
    .addOption(baseOption)
    .addOption(existingOption)
    .option('--drop-attestations', 'leave out attestations; the tag gets another digest')
    .addOption(maxLayerOption)
    .option('--dry-run', 'show what would be pushed without pushing it')
    .addHelpText('after', DETAILS);
  return (added as Command<[string, string], Pick<PushFlags, keyof PushFlags>>).action(
    async (source, target, flags, command) => {
      if (isArtifactName(target)) return runPushBundle(source, target, { flags, command, session });
      const { base, images, onExisting, dropAttestations, maxLayer, dryRun } = flags;
      const result = await runRemote(session, [source], flags, ({ specs: [input = source], ...options }) =>
        push({
          ...options,
          ...{ source: input, target, base, images, onExisting, dropAttestations, maxLayer, dryRun },
        }),
      );
      if (session.json) printJson(result, session);
      else stdout(renderPush(result), session);
    },
  );
}
