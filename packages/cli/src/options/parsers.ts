import { AirgapError, parseBytes, parseRegistry } from '@airgap/core';
import type { Option } from '@commander-js/extra-typings';
import { InvalidArgumentError } from 'commander';

/** Collects `KEY=VALUE` of an option that may be repeated. */
export function keyValue(text: string, before: Record<string, string> = {}): Record<string, string> {
  const { key, value } = splitPair(text);
  return { ...before, [key]: value };
}

/** Collects `KEY=VALUE` of an option that may be repeated for the same key. */
export function keyValues(
  text: string,
  before: Record<string, readonly string[]> = {},
): Record<string, readonly string[]> {
  const { key, value } = splitPair(text);
  const values = Object.hasOwn(before, key) ? (before[key] ?? []) : [];
  return { ...before, [key]: [...values, value] };
}

function splitPair(text: string): { key: string; value: string } {
  const at = text.indexOf('=');
  if (at <= 0 || at === text.length - 1) throw new InvalidArgumentError('Expected NAME=VALUE.');
  return { key: text.slice(0, at), value: text.slice(at + 1) };
}

/** Collects the values of an option that may be repeated. */
export function repeated(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

/** Whether an option collects its values. */
export function isRepeatable({ parseArg }: Option): boolean {
  return COLLECTORS.has(parseArg);
}

const COLLECTORS: ReadonlySet<unknown> = new Set([keyValue, keyValues, repeated]);

/** Parses a registry host. */
export function host(text: string): string {
  try {
    return parseRegistry(text);
  } catch {
    throw new InvalidArgumentError('Expected a host, with a port if it has one.');
  }
}

/** Parses a size. @returns bytes */
export function byteSize(text: string): number {
  const size = parseBytes(text);
  if (size !== undefined && size >= 1 && Number.isSafeInteger(Math.floor(size))) return Math.floor(size);
  throw new InvalidArgumentError('Expected a size such as 2GB or 900MiB.');
}

/** Parses a number of concurrent transfers. */
export function concurrency(text: string): number {
  const number = /^\d+$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= 256) return number;
  throw new InvalidArgumentError('Expected an integer from 1 to 256.');
}

/** Parses a number that is not negative. */
export function integer(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a number, such as 8.');
}

/** Parses a time in seconds. @returns ms */
export function timeout(text: string): number {
  const number = /^\d+$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= 3600) return number * 1000;
  throw new InvalidArgumentError('Expected an integer from 1 to 3600 (seconds).');
}

/** Parses a time in seconds since 1970. @throws AirgapError `USAGE` */
export function sourceDateEpoch(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new AirgapError('USAGE', `invalid SOURCE_DATE_EPOCH: ${JSON.stringify(text)}`, {
    hint: 'Set it to seconds since 1970, as "date +%s" prints, or unset it.',
  });
}
