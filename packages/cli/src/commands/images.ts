import { images } from '@airgap/core';
import { type Command, Option } from '@commander-js/extra-typings';
import { readOfflineConfig } from '../options/config.ts';
import { jsonOption } from '../options/display.ts';
import {
  appOption,
  configOption,
  excludeOption,
  INPUT_HELP,
  imagePathOption,
  includeUnreadOption,
  inputOptions,
  proxyDomainOption,
  registryDomainOption,
  registryOption,
  renderFlags,
} from '../options/inputs.ts';
import { renderImages, renderUnknown } from '../render/images.ts';
import { renderImagesSection } from '../render/images-section.ts';
import { renderUnknownRules } from '../render/unknown-rules.ts';
import { printJson, type Session, stderr, stdout } from '../session.ts';

const EXAMPLES = `
Examples:
  airgap images app.yaml
  airgap images manifests/ --why
  airgap images kots/ charts/app-1.2.0.tgz --format yaml
  airgap images app.yaml --image-path 'Database=.spec.image'
  airgap images manifests/ --include-unread --exclude 'quay.io/team/debug:*'
`;

export function imagesCommand(command: Command, session: Session) {
  return renderFlags(command.argument('<input...>', INPUT_HELP))
    .addOption(configOption)
    .addOption(appOption)
    .addOption(registryOption)
    .addOption(registryDomainOption)
    .addOption(proxyDomainOption)
    .addOption(imagePathOption)
    .addOption(includeUnreadOption)
    .addOption(excludeOption)
    .addOption(
      new Option('--format <format>', 'output format: one reference per line, JSON, or an images: section')
        .choices(['text', 'json', 'yaml'] as const)
        .default('text' as const),
    )
    .option('--why', 'show where each image is referenced and what uses it')
    .addOption(jsonOption)
    .addHelpText('after', EXAMPLES)
    .action(async (inputs, flags) => {
      session.json = flags.json === true || flags.format === 'json';
      const config = await readOfflineConfig(flags.config, session.environment);
      stderr(renderUnknownRules(config.rules));
      const options = await inputOptions(inputs, flags, config, session);
      const result = await images(options);
      const why = flags.why === true;
      session.status = result.parseErrors.length + result.renderErrors.length > 0 ? 1 : 0;
      stderr(renderUnknown(result));
      if (session.json) printJson(result, session);
      else if (flags.format === 'yaml')
        stdout(renderImagesSection(result.images, options.locations, why, result.unread), session);
      else stdout(renderImages(result.images, why), session);
    });
}
