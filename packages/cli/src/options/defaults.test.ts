import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_FLAGS } from '@airgap/core';
import { Command } from '@commander-js/extra-typings';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readEnvironment } from '../environment.ts';
import { program } from '../program.ts';
import { openSession } from '../session.ts';
import { applyDefaults, variableOf } from './defaults.ts';
import { concurrency, repeated } from './parsers.ts';

let folder: string;
let config: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'airgap-defaults-'));
  config = join(folder, 'c.yaml');
  mkdirSync(join(folder, 'user'), { mode: 0o700 });
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Parses arguments as a command with some flags does. */
async function flagsOf(env: Record<string, string>, args: readonly string[] = [], text?: string) {
  if (text !== undefined) writeFileSync(config, text);
  const environment = readEnvironment({ XDG_CONFIG_HOME: folder, ...env });
  const command = new Command()
    .exitOverride()
    .option('--config <file>')
    .option('--concurrency <n>', '', concurrency)
    .option('--platform <os/arch>', '', repeated)
    .option('--strict')
    .option('--yes')
    .option('--release <path>')
    .option('-o, --output <file>');
  command.parse(text === undefined ? args : ['--config', config, ...args], { from: 'user' });
  await applyDefaults(command, environment);
  const { config: _, ...flags } = command.opts();
  return flags;
}

describe('a flag that the command line lacks', () => {
  it.each<[string, Record<string, string>, string[], string | undefined, object]>([
    ['the environment', { AIRGAP_CONCURRENCY: '3' }, [], undefined, { concurrency: 3 }],
    ['the config', {}, [], 'defaults: {concurrency: 4, output: a.tar}', { concurrency: 4, output: 'a.tar' }],
    [
      'the environment before the config',
      { AIRGAP_CONCURRENCY: '3' },
      [],
      'defaults: {concurrency: 4}',
      { concurrency: 3 },
    ],
    [
      'the flag before both',
      { AIRGAP_CONCURRENCY: '3' },
      ['--concurrency', '5'],
      'defaults: {concurrency: 4}',
      { concurrency: 5 },
    ],
    ['a list', {}, [], 'defaults: {platform: [arm64, amd64]}', { platform: ['arm64', 'amd64'] }],
    ['one value of a list', {}, [], 'defaults: {platform: arm64}', { platform: ['arm64'] }],
    [
      'nothing where it must be meant',
      { AIRGAP_YES: 'true', AIRGAP_RELEASE: 'https://x' },
      [],
      undefined,
      {},
    ],
    ['lines', { AIRGAP_PLATFORM: 'arm64\namd64\n' }, [], undefined, { platform: ['arm64', 'amd64'] }],
    [
      'a repeated flag instead of its default',
      { AIRGAP_PLATFORM: 'arm64' },
      ['--platform', 'all'],
      undefined,
      { platform: ['all'] },
    ],
    ['a switch that is on', { AIRGAP_STRICT: '1' }, [], undefined, { strict: true }],
    ['a switch that is off', { AIRGAP_STRICT: 'false' }, [], 'defaults: {strict: true}', {}],
    ['an empty variable', { AIRGAP_CONCURRENCY: '' }, [], undefined, {}],
    ['a flag that the command lacks', {}, [], 'defaults: {naming: host}', {}],
  ])('comes from %s', async (_name, env, args, text, expected) =>
    expect(await flagsOf(env, args, text)).toEqual(expected),
  );

  it.each<[string, Record<string, string>, string | undefined, RegExp]>([
    ['a variable', { AIRGAP_CONCURRENCY: 'x' }, undefined, /^invalid value of AIRGAP_CONCURRENCY: "x"$/],
    [
      'a config',
      {},
      'defaults: {concurrency: 0}',
      /^invalid value of defaults\.concurrency of .*c\.yaml: "0"$/,
    ],
    ['a list for one value', {}, 'defaults: {concurrency: [1, 2]}', /"1, 2"$/],
    ['a switch', { AIRGAP_STRICT: 'perhaps' }, undefined, /AIRGAP_STRICT: "perhaps"$/],
  ])('with an invalid value of %s is an error that names it', async (_name, env, text, message) =>
    expect(flagsOf(env, [], text)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(message),
      hint: expect.stringMatching(/^Use .*\.$/),
    }),
  );

  it('has no default from a config that others can write, if it names a file', async () => {
    const user = join(folder, 'airgap', 'config.yaml');
    mkdirSync(join(folder, 'airgap'), { mode: 0o700 });
    writeFileSync(user, 'defaults: {output: a.tar, concurrency: 7}', { mode: 0o600 });
    expect(await flagsOf({})).toEqual({ output: 'a.tar', concurrency: 7 });
    chmodSync(user, 0o666);
    expect(await flagsOf({})).toEqual({ concurrency: 7 });
  });
});

it('the values of charts have no default without --helm-values, where that writes a file from them', async () => {
  const load = () =>
    new Command().exitOverride().option('--helm-values <file>').option('--values <file>', '', repeated);
  const valuesOf = async (args: readonly string[]) => {
    const command = load().parse(args, { from: 'user' });
    await applyDefaults(command, readEnvironment({ AIRGAP_VALUES: 'values.yaml' }));
    return command.opts().values;
  };
  expect(await valuesOf([])).toBeUndefined();
  expect(await valuesOf(['--helm-values', 'local.yaml'])).toEqual(['values.yaml']);
});

it('every flag with a default is a flag of a command that reads a config', async () => {
  const session = openSession(readEnvironment({}), new AbortController().signal);
  const root = await program(session, ['completion']);
  const flags = root.commands
    .filter(command => command.options.some(({ long }) => long === '--config'))
    .flatMap(command => command.options.map(({ long }) => long?.slice(2)));
  expect(DEFAULT_FLAGS.filter(flag => !flags.includes(flag))).toEqual([]);
});

it('the variable of a flag is in upper case', () =>
  expect(variableOf('plain-http')).toBe('AIRGAP_PLAIN_HTTP'));
