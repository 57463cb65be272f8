import type { CommandModel, FlagModel, Values } from './command-model.ts';

/** Renders the completion script for fish. */
export function fishCompletion(commands: readonly CommandModel[]): string {
  const lines = commands.flatMap(command => [
    `complete -c airgap -n __fish_use_subcommand -a ${command.name} -d ${quoted(command.summary)}`,
    ...argumentLines(command),
    ...command.flags.map(flag => flagLine(command.name, flag)),
  ]);
  return `# fish completion for airgap: airgap completion fish | source
complete -c airgap -f
${lines.join('\n')}
`;
}

function argumentLines({ name, values }: CommandModel): string[] {
  const complete = `complete -c airgap -n '__fish_seen_subcommand_from ${name}'`;
  switch (values.kind) {
    case 'words':
      return [`${complete} -a ${quoted(values.words.join(' '))}`, `${complete} -F`];
    case 'none':
      return [];
    default:
      return [`${complete} -F`];
  }
}

function flagLine(command: string, { long, short, description, values }: FlagModel): string {
  const parts = [`complete -c airgap -n '__fish_seen_subcommand_from ${command}'`, `-l ${long.slice(2)}`];
  if (short !== undefined) parts.push(`-s ${short.slice(1)}`);
  if (values !== undefined) parts.push(valueFlags(values));
  return [...parts, `-d ${quoted(description)}`].join(' ');
}

function valueFlags(values: Values): string {
  switch (values.kind) {
    case 'words':
      return `-x -a ${quoted(values.words.join(' '))}`;
    case 'folder':
      return "-x -a '(__fish_complete_directories)'";
    case 'file':
      return '-r -F';
    case 'none':
      return '-x';
  }
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
