import type { Config, TrustedKey } from '@airgap/core';
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

const TRUSTED: readonly string[] = ['credentials', 'mirrors', 'signatures'] satisfies TrustedKey[];

/** Returns the settings of all configs; a later config replaces a setting of an earlier one, unless it is ignored. */
export function settingsOf(layers: readonly LayerReport[]): ReportedSetting[] {
  const counted = new Map<string, ReportedSetting>();
  const ignored: ReportedSetting[] = [];
  for (const layer of layers)
    for (const setting of layerSettings(layer)) {
      if (setting.ignored === undefined) counted.set(setting.name, setting);
      else ignored.push(setting);
    }
  return [...counted.values(), ...ignored].sort((a, b) => compare(a.name, b.name));
}

/** Renders the settings as a table. */
export function renderConfig(settings: readonly ReportedSetting[]): string {
  if (settings.length === 0) return 'no config found, or no settings in it\n';
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
  if (app !== undefined) yield { name: 'app', value: app, from };
  if (platforms !== undefined) yield { name: 'platforms', value: platforms, from };
  for (const [pattern, value] of Object.entries(imagePlatforms ?? {}))
    yield { name: `platforms.${pattern}`, value, from };
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
