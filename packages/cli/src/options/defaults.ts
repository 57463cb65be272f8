import { AirgapError, type FlagDefaults } from '@airgap/core';
import type { CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { InvalidArgumentError } from 'commander';
import type { Environment } from '../environment.ts';
import { isRepeatable } from './parsers.ts';

/** The value of a flag that the command line lacks. */
interface Default {
  readonly values: readonly string[];
  /** Where it comes from, for errors: `AIRGAP_CONCURRENCY`, or `defaults.concurrency of airgap.yaml`. */
  readonly origin: string;
  readonly source: 'env' | 'config';
}

/**
 * Gives the flags that the command line lacks their values: from `AIRGAP_<FLAG>`, else from `defaults:` of the configs,
 * for commands with `--config`.
 *
 * @throws AirgapError `USAGE` for a value that the flag does not accept, `INPUT` for configs
 */
export async function applyDefaults(command: CommandUnknownOpts, environment: Environment): Promise<void> {
  const missing = command.options.filter(
    option =>
      command.getOptionValueSource(option.attributeName()) !== 'cli' && !NO_DEFAULT.has(nameOf(option)),
  );
  const configured = await configuredDefaults(command, environment);
  for (const option of missing) {
    if (isAlone(command, option)) continue;
    const found = fromEnvironment(option, environment) ?? configured(option);
    if (found === undefined) continue;
    const value = parse(option, found);
    if (value !== undefined) command.setOptionValueWithSource(option.attributeName(), value, found.source);
  }
}

/**
 * `AIRGAP_CONFIG` and `AIRGAP_DEBUG` are read before there are any defaults; `--since` is different each time; `--yes` and
 * `--restore` must be meant; in pipelines, `AIRGAP_RELEASE` is where the program comes from.
 */
const NO_DEFAULT: ReadonlySet<string> = new Set(['config', 'debug', 'since', 'yes', 'restore', 'release']);

/** A command with `--helm-values` has `--values` for that only; others have it for every chart. */
function isAlone(command: CommandUnknownOpts, option: Option): boolean {
  const writesValues = command.options.some(({ long }) => long === '--helm-values');
  return nameOf(option) === 'values' && writesValues && command.getOptionValue('helmValues') === undefined;
}

/** The name of the variable with the default of a flag: `AIRGAP_PLAIN_HTTP`. */
export function variableOf(flag: string): string {
  return `AIRGAP_${flag.toUpperCase().replaceAll('-', '_')}`;
}

function nameOf({ long }: Option): string {
  return long?.slice(2) ?? '';
}

/** A flag that may be repeated takes one value from each line. */
function fromEnvironment(option: Option, { variable }: Environment): Default | undefined {
  const origin = variableOf(nameOf(option));
  const text = variable(origin);
  if (!text) return undefined;
  const values = isRepeatable(option) ? text.split('\n').filter(Boolean) : [text];
  return { values, origin, source: 'env' };
}

async function configuredDefaults(
  command: CommandUnknownOpts,
  environment: Environment,
): Promise<(option: Option) => Default | undefined> {
  const readsConfigs = command.options.some(option => nameOf(option) === 'config');
  if (!readsConfigs || printsSchema(command)) return () => undefined;
  // Other commands need no parser of configs, which takes time to load.
  const { readDefaults } = await import('./config.ts');
  const { config } = command.opts() as { readonly config?: string };
  const { defaults, defaultsFrom } = await readDefaults(config, environment);
  return option => configuredDefault(nameOf(option), defaults, defaultsFrom);
}

/** The schema helps to correct a config that is invalid. */
function printsSchema(command: CommandUnknownOpts): boolean {
  return command.name() === 'config' && command.args[0] === 'schema';
}

function configuredDefault(
  flag: string,
  defaults: FlagDefaults = {},
  from: Readonly<Record<string, string>>,
): Default | undefined {
  const values = defaults[flag];
  if (values === undefined) return undefined;
  return { values, origin: `defaults.${flag} of ${from[flag]}`, source: 'config' };
}

function parse(option: Option, { values, origin }: Default): unknown {
  if (values.length > 1 && !isRepeatable(option))
    throw invalid(origin, values.join(', '), 'Expected one value.');
  let value: unknown;
  for (const text of values) {
    try {
      value = option.isBoolean() ? parseSwitch(text) : parseValue(option, text, value);
    } catch (error) {
      if (error instanceof InvalidArgumentError) throw invalid(origin, text, error.message);
      throw error;
    }
  }
  return value;
}

function parseValue({ parseArg }: Option, text: string, previous: unknown): unknown {
  return parseArg ? (parseArg as (text: string, previous: unknown) => unknown)(text, previous) : text;
}

/** @returns undefined for a flag that is off, as if it were left out */
function parseSwitch(text: string): true | undefined {
  const lower = text.toLowerCase();
  if (['1', 'true', 'yes', 'on'].includes(lower)) return true;
  if (['0', 'false', 'no', 'off'].includes(lower)) return undefined;
  throw new InvalidArgumentError('Expected true or false.');
}

function invalid(origin: string, text: string, reason: string): AirgapError {
  return new AirgapError('USAGE', `invalid value of ${origin}: ${JSON.stringify(text)}`, {
    hint: reason.replace('Expected', 'Use'),
  });
}
