import { type Config, DEFAULT_CONCURRENCY, isTrustedFlag, type TrustedKey } from '@airgap/core';
import { printable } from './printable.ts';
import { renderTable } from './table.ts';

/** A config of a run, and why its credentials, mirrors and signatures do not count. */
export interface LayerReport {
  readonly path: string;
  readonly config: Config;
  readonly distrusted: string | undefined;
}

/** One setting, and the config that it comes from. */
export interface ReportedSetting {
  /** For example `app` or `registries.quay`. */
  readonly name: string;
  readonly value: unknown;
  readonly from: string;
  /** Why the setting does not count. */
  readonly ignored?: string;
}

/** What applies without any config. */
const BUILT_IN: readonly ReportedSetting[] = [
  { name: 'platforms', value: ['linux/amd64'], from: 'built in' },
  { name: 'defaults.concurrency', value: [String(DEFAULT_CONCURRENCY)], from: 'built in' },
  { name: 'defaults.timeout', value: ['60'], from: 'built in' },
];

const TRUSTED: readonly string[] = ['credentials', 'mirrors', 'signatures'] satisfies TrustedKey[];

/**
 * Returns the settings of all configs; a later config replaces a setting of an earlier one, unless it is ignored.
 *
 * @param environment settings of the environment, which replace those of all configs
 */
export function settingsOf(
  layers: readonly LayerReport[],
  environment: readonly ReportedSetting[] = [],
): ReportedSetting[] {
  const counted = new Map(BUILT_IN.map(setting => [setting.name, setting]));
  const ignored: ReportedSetting[] = [];
  for (const setting of [...layers.flatMap(layer => [...layerSettings(layer)]), ...environment]) {
    if (setting.ignored === undefined) counted.set(setting.name, setting);
    else ignored.push(setting);
  }
  return [...counted.values(), ...ignored].sort((a, b) => compare(a.name, b.name));
}

/** Renders the settings as a table. */
export function renderConfig(settings: readonly ReportedSetting[]): string {
  const columns = [{ title: 'SETTING' }, { title: 'VALUE' }, { title: 'FROM' }];
  return renderTable(
    columns,
    settings.map(({ name, value, from, ignored }) => {
      const origin = ignored === undefined ? from : `${from} (ignored: ${ignored})`;
      return [printable(name), printable(valueText(value)), printable(origin)];
    }),
  );
}

function* layerSettings({ path: from, config, distrusted }: LayerReport): Generator<ReportedSetting> {
  const { app, platforms, imagePlatforms, registries, credentials, mirrors, imagePaths } = config;
  const signatures = Object.fromEntries(
    (config.signatures ?? []).map(({ pattern, ...rule }) => [pattern, rule]),
  );
  const { include, exclude, defaults = {} } = config;
  if (app !== undefined) yield { name: 'app', value: app, from };
  if (platforms !== undefined) yield { name: 'platforms', value: platforms, from };
  for (const [pattern, value] of Object.entries(imagePlatforms ?? {}))
    yield { name: `platforms.${pattern}`, value, from };
  if (include !== undefined) yield { name: 'include', value: include.map(({ pattern }) => pattern), from };
  if (exclude !== undefined) yield { name: 'exclude', value: exclude, from };
  for (const [flag, value] of Object.entries(defaults)) {
    const ignored = distrusted !== undefined && isTrustedFlag(flag) ? { ignored: distrusted } : {};
    yield { name: `defaults.${flag}`, value, from, ...ignored };
  }
  const rules = Object.fromEntries((config.rules ?? []).map(({ rule, severity }) => [rule, severity]));
  for (const [key, entries] of Object.entries({
    registries,
    credentials,
    mirrors,
    signatures,
    imagePaths,
    rules,
  })) {
    const ignored = TRUSTED.includes(key) && distrusted !== undefined ? { ignored: distrusted } : {};
    for (const [name, value] of Object.entries(entries ?? {}))
      yield { name: `${key}.${name}`, value, from, ...ignored };
  }
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.join(', ');
  return Object.entries(value as object)
    .map(([key, text]) => `${key}: ${text}`)
    .join(', ');
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
