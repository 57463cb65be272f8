import { images } from '@airgap/core';
import { Command, Option } from '@commander-js/extra-typings';
import { appOption, configOption, jsonOption, registryOption, specOptions } from '../options/shared.ts';
import { renderImagesSection } from '../render/images-section.ts';
import { printable } from '../render/printable.ts';
import { print, printJson, type Session, tell } from '../session.ts';

export function imagesCommand(session: Session) {
  return new Command('images')
    .description('list the images that the specs name')
    .argument('<spec...>', 'files, directories, or - for standard input')
    .addOption(configOption)
    .addOption(appOption)
    .addOption(registryOption)
    .addOption(
      new Option('--format <format>', 'one reference a line, JSON, or an images: section')
        .choices(['text', 'json', 'yaml'] as const)
        .default('text' as const),
    )
    .addOption(jsonOption)
    .addHelpText('after', '\nExamples:\n  airgap images app.yaml\n  airgap images manifests/ --format yaml\n')
    .action(async (specs, flags) => {
      session.json = flags.json === true || flags.format === 'json';
      const { locations, ...options } = await specOptions(specs, flags as never);
      const result = await images({ specs: options.specs, locations });
      if (session.json) printJson(result);
      else if (flags.format === 'yaml') print(renderImagesSection(result.images, locations));
      else for (const { reference } of result.images) print(`${reference}\n`);
      for (const { text, position } of result.unknown) {
        tell(
          `${position.file}:${position.line}:${position.column}: only a template knows this image: ${printable(text)}\n`,
        );
      }
    });
}
