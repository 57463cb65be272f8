import type { Argument, CommandUnknownOpts, Option } from '@commander-js/extra-typings';

/** What completes a value: files, folders, some words, or nothing. */
export type Values =
  | { readonly kind: 'file' | 'folder' | 'none' }
  | { readonly kind: 'words'; readonly words: readonly string[] };

/** A flag of a command. */
export interface FlagModel {
  /** With `--`. */
  readonly long: string;
  /** With `-`; undefined for none. */
  readonly short: string | undefined;
  readonly description: string;
  /** Undefined for a flag without a value. */
  readonly values: Values | undefined;
}

/** A command as completion scripts need it. */
export interface CommandModel {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly FlagModel[];
  readonly values: Values;
}

/** Words that a target of a load may be; a registry cannot be known. */
const RUNTIMES = ['docker:', 'podman:', 'containerd:'];
const FILE = /file|bundle|input|old|new|specs/i;
const FOLDER = /dir/i;

/** Describes the commands of the program. @param root with all commands loaded */
export function commandModels(root: CommandUnknownOpts): CommandModel[] {
  return root.commands.map(command => ({
    name: command.name(),
    summary: command.description(),
    flags: flagsOf(command).map(flagModel),
    values: valuesOfCommand(command),
  }));
}

/** The flags of a command, and those of all of its subcommands. */
function flagsOf(command: CommandUnknownOpts): Option[] {
  const all = [command, ...command.commands].flatMap(one => one.createHelp().visibleOptions(one));
  return [...new Map(all.map(option => [option.long, option])).values()];
}

/** What follows a command: its subcommands, or its arguments. */
function valuesOfCommand({ commands, registeredArguments }: CommandUnknownOpts): Values {
  if (commands.length === 0) return argumentValues(registeredArguments);
  return { kind: 'words', words: commands.map(subcommand => subcommand.name()) };
}

function flagModel(option: Option): FlagModel {
  const { long = '', short, description, flags, argChoices } = option;
  const takesValue = option.required || option.optional;
  return { long, short, description, values: takesValue ? valuesOf(flags, argChoices) : undefined };
}

/** The arguments of a command complete the same way, wherever they stand. */
function argumentValues(args: readonly Argument[]): Values {
  const words = args.flatMap(argument =>
    argument.name() === 'target' ? RUNTIMES : (argument.argChoices ?? []),
  );
  if (words.length > 0) return { kind: 'words', words };
  return args[0] === undefined ? { kind: 'none' } : valuesOf(args[0].name(), undefined);
}

function valuesOf(placeholder: string, choices: readonly string[] | undefined): Values {
  if (choices !== undefined) return { kind: 'words', words: choices };
  const name = placeholder.replace(/^.*</, '');
  if (FILE.test(name)) return { kind: 'file' };
  return { kind: FOLDER.test(name) ? 'folder' : 'none' };
}
