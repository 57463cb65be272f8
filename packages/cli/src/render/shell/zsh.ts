import type { CommandModel, FlagModel, Values } from './command-model.ts';
import { quoted } from './quoted.ts';

/** Renders the completion script for zsh: a file `_airgap` in `$fpath`, or sourced. */
export function zshCompletion(commands: readonly CommandModel[]): string {
  const described = commands.map(({ name, summary }) => quoted(`${name}:${summary}`));
  return `#compdef airgap
# zsh completion for airgap: source <(airgap completion zsh), after compinit
_airgap() {
  local context state state_descr line
  typeset -A opt_args
  _arguments -C '(- *)'{-h,--help}'[show help]' '(- *)'{-V,--version}'[show the version]' \\
    '1:command:->command' '*::argument:->argument'
  case $state in
    command)
      local -a commands=(
${described.map(text => `        ${text}`).join('\n')}
      )
      _describe command commands ;;
    argument)
      case $line[1] in
${commands.map(commandCase).join('\n')}
      esac ;;
  esac
}
if [[ $funcstack[1] == _airgap ]]; then
  _airgap "$@"
else
  compdef _airgap airgap
fi
`;
}

function commandCase({ name, flags, values }: CommandModel): string {
  const specs = [...flags.flatMap(flagSpecs), quoted(`*:argument:${action(values)}`)];
  return `        ${name})
          _arguments -S \\
${specs.map(spec => `            ${spec}`).join(' \\\n')} ;;`;
}

/** Each flag may be repeated: zsh need not know which of them count once. */
function flagSpecs({ long, short, description, values }: FlagModel): string[] {
  const explained = `[${escaped(description)}]`;
  const value = values === undefined ? '' : `:value:${action(values)}`;
  const join = values === undefined ? '' : '=';
  const spec = quoted(`*${long}${join}${explained}${value}`);
  return short === undefined ? [spec] : [spec, quoted(`*${short}${explained}${value}`)];
}

function action(values: Values): string {
  switch (values.kind) {
    case 'words':
      return `(${values.words.map(escaped).join(' ')})`;
    case 'folder':
      return '_files -/';
    case 'file':
      return '_files';
    case 'none':
      return ' ';
  }
}

function escaped(text: string): string {
  return text.replace(/[\\[\]:]/g, '\\$&');
}
