import type { CommandUnknownOpts } from '@commander-js/extra-typings';

/** Renders the manual page of the program in roff, from the same texts as its help. @param root with all commands loaded */
export function renderManual(root: CommandUnknownOpts, version: string, date: Date): string {
  const lines = [
    `.TH AIRGAP 1 "${date.toISOString().slice(0, 10)}" "airgap ${version}" "User Commands"`,
    '.SH NAME',
    `airgap \\- ${escaped(lowerFirst(root.description().replace(/\.$/, '')))}`,
    '.SH SYNOPSIS',
    '.B airgap',
    '.I command',
    '[options]',
    '.SH DESCRIPTION',
    ...wrapped(root.description()),
    ...paragraphs(textAfter(root)),
    '.SH COMMANDS',
    ...root.commands.flatMap(command => [command, ...command.commands]).flatMap(commandLines),
  ];
  return `${lines.join('\n')}\n`;
}

function commandLines(command: CommandUnknownOpts): string[] {
  const help = command.createHelp();
  const options = [...help.groupItems([], help.visibleOptions(command), () => '').values()].flat();
  return [
    `.SS "${escaped(help.commandUsage(command))}"`,
    ...wrapped(`${command.description()}.`),
    ...help.visibleArguments(command).flatMap(argument => item(argument.name(), argument.description)),
    ...options.flatMap(option => item(help.optionTerm(option), help.optionDescription(option))),
    ...paragraphs(textAfter(command)),
  ];
}

function item(term: string, description: string): string[] {
  return ['.TP', `.B ${escaped(term)}`, ...wrapped(description)];
}

/** The text below the flags in the help of a command. */
function textAfter(command: CommandUnknownOpts): string {
  const { writeOut } = command.configureOutput();
  let text = '';
  command.configureOutput({ writeOut: part => (text += part) });
  command.outputHelp();
  command.configureOutput({ ...(writeOut && { writeOut }) });
  return text.slice(command.helpInformation().length);
}

/** Renders text as it is, paragraph by paragraph. */
function paragraphs(text: string): string[] {
  return text
    .split(/\n{2,}/)
    .map(paragraph => paragraph.replace(/^\n+|\n+$/g, ''))
    .filter(Boolean)
    .flatMap(paragraph => ['.PP', '.nf', ...paragraph.split('\n').map(escaped), '.fi']);
}

/** Source lines have at most 80 columns; the reader's program fills its own. */
function wrapped(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length >= MAX_LINE) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.map(escaped);
}

/** Before characters are escaped. */
const MAX_LINE = 70;

/** A line must not start with a control character, and a hyphen of a flag is a minus sign. */
function escaped(text: string): string {
  const safe = text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll('"', '\\(dq');
  return /^[.']/.test(safe) ? `\\&${safe}` : safe;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
