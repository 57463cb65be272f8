import { existsSync } from 'node:fs';
import { DEFAULT_LOCK } from '@airgap/core';

/** What an option means without a value, and what cannot be its value. */
const OPTIONAL: Readonly<
  Record<string, { readonly preset: string; readonly isInput: (next: string) => boolean }>
> = {
  '--locked': { preset: DEFAULT_LOCK, isInput: next => !next.endsWith('.lock') && existsSync(next) },
  '--update': { preset: '*', isInput: existsSync },
};

/**
 * Keeps an option with an optional value from taking the input behind it: `--locked app.yaml` is the option without a
 * value, and an input. A value after `=` is always one.
 */
export function separateInputs(argv: readonly string[]): string[] {
  return argv.map((argument, at) => {
    const option = Object.hasOwn(OPTIONAL, argument) ? OPTIONAL[argument] : undefined;
    const next = argv[at + 1];
    return option && next !== undefined && option.isInput(next) ? `${argument}=${option.preset}` : argument;
  });
}
