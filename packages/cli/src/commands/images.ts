import { images } from '@airgap/core';
import { type Command, Option } from '@commander-js/extra-typings';
import { readConfig } from '../options/config.ts';
import { jsonOption } from '../options/display.ts';
import {
  appOption,
  configOption,
  imagePathOption,
  registryOption,
  SPEC_HELP,
  specOptions,
} from '../options/specs.ts';
import { renderImages, renderUnknown } from '../render/images.ts';
import { renderImagesSection } from '../render/images-section.ts';
import { print, printJson, type Session, tell } from '../session.ts';

const EXAMPLES = `
Examples:
  airgap images app.yaml
  airgap images manifests/ --why
  airgap images kots/ charts/app-1.2.0.tgz --format yaml
  airgap images app.yaml --image-path 'Database=.spec.image'
`;

export function imagesCommand(command: Command, session: Session) {
  return command
    .argument('<spec...>', SPEC_HELP)
    .addOption(configOption)
    .addOption(appOption)
    .addOption(registryOption)
    .addOption(imagePathOption)
    .addOption(
      new Option('--format <format>', 'one reference a line, JSON, or an images: section')
        .choices(['text', 'json', 'yaml'] as const)
        .default('text' as const),
    )
    .option('--why', 'tell where each image was found, and what needs it')
    .addOption(jsonOption)
    .addHelpText('after', EXAMPLES)
    .action(async (specs, flags) => {
      session.json = flags.json === true || flags.format === 'json';
      const options = await specOptions(specs, flags, await readConfig(flags.config), session.signal);
      const result = await images(options);
      const why = flags.why === true;
      session.status = result.parseErrors.length > 0 ? 1 : 0;
      tell(renderUnknown(result));
      if (session.json) printJson(result, session);
      else if (flags.format === 'yaml')
        print(renderImagesSection(result.images, options.locations, why), session);
      else print(renderImages(result.images, why), session);
    });
}
