import { images } from '@airgap/core';
import { Command, Option } from '@commander-js/extra-typings';
import { readConfig } from '../options/config.ts';
import {
  appOption,
  configOption,
  jsonOption,
  registryOption,
  SPEC_HELP,
  specOptions,
} from '../options/shared.ts';
import { renderImagesSection } from '../render/images-section.ts';
import { renderPosition } from '../render/position.ts';
import { printable } from '../render/printable.ts';
import { print, printJson, type Session, tell } from '../session.ts';

const EXAMPLES = `
Examples:
  airgap images app.yaml
  airgap images manifests/ --format yaml
`;

export function imagesCommand(session: Session) {
  return new Command('images')
    .description('list the images that the specs name')
    .argument('<spec...>', SPEC_HELP)
    .addOption(configOption)
    .addOption(appOption)
    .addOption(registryOption)
    .addOption(
      new Option('--format <format>', 'one reference a line, JSON, or an images: section')
        .choices(['text', 'json', 'yaml'] as const)
        .default('text' as const),
    )
    .addOption(jsonOption)
    .addHelpText('after', EXAMPLES)
    .action(async (specs, flags) => {
      session.json = flags.json === true || flags.format === 'json';
      const options = await specOptions(specs, flags, await readConfig(flags.config), session.signal);
      const result = await images(options);
      for (const { text, position } of result.unknown)
        tell(`${renderPosition(position)}: only a template knows this image: ${printable(text)}\n`);
      if (session.json) printJson(result, session);
      else if (flags.format === 'yaml') print(renderImagesSection(result.images, options.locations), session);
      else print(result.images.map(({ reference }) => `${printable(reference)}\n`).join(''), session);
    });
}
