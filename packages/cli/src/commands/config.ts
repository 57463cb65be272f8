import { configJsonSchema, DEFAULT_FLAGS, distrustReason, readLayers } from '@airgap/core';
import { Argument, type Command } from '@commander-js/extra-typings';
import { configPlaces } from '../options/config.ts';
import { variableOf } from '../options/defaults.ts';
import { jsonOption } from '../options/display.ts';
import { configOption } from '../options/inputs.ts';
import { type LayerReport, type ReportedSetting, renderConfig, settingsOf } from '../render/config.ts';
import { printJson, type Session, stdout } from '../session.ts';

const EXAMPLES = `
Examples:
  airgap config
  airgap config --config release.yaml --json
  airgap config schema > airgap.schema.json
`;

export function configCommand(command: Command, session: Session) {
  return command
    .addArgument(
      new Argument('[schema]', 'print the JSON schema of airgap.yaml instead').choices(['schema'] as const),
    )
    .addOption(configOption)
    .addOption(jsonOption)
    .addHelpText('after', EXAMPLES)
    .action(async (schema, flags) => {
      session.json = flags.json === true || schema !== undefined;
      if (schema !== undefined) return printJson(configJsonSchema(), session);
      const layers = await layerReports(flags.config, session);
      const result = { settings: settingsOf(layers, environmentDefaults(session)) };
      if (session.json) printJson(result, session);
      else stdout(renderConfig(result.settings), session);
    });
}

/** The defaults of flags in the environment, which take precedence over those of configs. */
function environmentDefaults({ environment }: Session): ReportedSetting[] {
  return DEFAULT_FLAGS.flatMap(flag => {
    const from = variableOf(flag);
    const value = environment.variable(from);
    return value ? [{ name: `defaults.${flag}`, value, from }] : [];
  });
}

async function layerReports(flag: string | undefined, { environment }: Session): Promise<LayerReport[]> {
  const places = configPlaces(flag, environment);
  const layers = await readLayers(places);
  return Promise.all(
    layers.map(async layer => ({
      path: layer.file.path,
      config: layer.file.config,
      distrusted: layer.file.config.requiresTrust?.length ? await distrustReason(layer, places) : undefined,
    })),
  );
}
