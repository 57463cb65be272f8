import type { CommandModel, Values } from './command-model.ts';

/** Renders the completion script for bash 4 or later. Words that it does not know complete as files. */
export function bashCompletion(commands: readonly CommandModel[]): string {
  const names = commands.map(({ name }) => name);
  return `# bash completion for airgap: source <(airgap completion bash)
_airgap() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command= word
  # bash makes --flag=value three words.
  if [[ $current == = ]]; then
    current=
  elif [[ $previous == = ]]; then
    previous=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
      ${names.join('|')}) command=$word; break ;;
    esac
  done
  COMPREPLY=()
  case "$command $previous" in
${commands.flatMap(valueCases).join('\n')}
  esac
  case "$command" in
    '') COMPREPLY=($(compgen -W '${names.join(' ')} --help --version' -- "$current")) ;;
${commands.map(commandCase).join('\n')}
  esac
  # After docker: or --flag= comes no blank.
  [[ \${COMPREPLY-} == *[:=] ]] && compopt -o nospace
  return 0
}
complete -o bashdefault -o default -F _airgap airgap
`;
}

/** One case for each flag with a value. */
function valueCases({ name, flags }: CommandModel): string[] {
  return flags.flatMap(({ long, short, values }) => {
    if (values === undefined) return [];
    const words = [long, ...(short === undefined ? [] : [short])];
    const patterns = words.map(word => `'${name} ${word}'`).join('|');
    return [`    ${patterns}) ${reply(values)}; return ;;`];
  });
}

function commandCase({ name, flags, values }: CommandModel): string {
  const words = flags.flatMap(({ long, short }) => [long, ...(short === undefined ? [] : [short])]);
  return `    ${name})
      if [[ $current == -* ]]; then
        COMPREPLY=($(compgen -W '${words.join(' ')}' -- "$current"))
      else
        ${reply(values)}
      fi ;;`;
}

function reply(values: Values): string {
  switch (values.kind) {
    case 'words':
      return `COMPREPLY=($(compgen -W '${values.words.join(' ')}' -- "$current"))`;
    case 'folder':
      return `compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$current")`;
    case 'file':
      return `compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current")`;
    case 'none':
      return ':';
  }
}
