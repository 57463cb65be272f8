import type { RuleText } from '@airgap/core';

const ONLINE = 'Queries registries: runs in `airgap lint --online`, `airgap plan` and `airgap build` only';

/** Renders the documentation of a rule as Markdown, without its title. The docs and SARIF logs use it. */
export function rulePage({ id, severity, explanation, queriesRegistries, example }: RuleText): string {
  return [
    `Severity: ${severity}${queriesRegistries ? `. ${ONLINE}` : ''}`,
    explanation,
    ...(example ? ['## Found', fenced(example.found), '## Fixed', fenced(example.fixed)] : []),
    '## Suppressing it',
    `For one line, with a comment on it or above it: \`# airgap-ignore ${id}: reason\`. To disable the rule or change its ` +
      'severity (`off`, `info`, `warning`, `error`), in `airgap.yaml`:',
    fenced(`rules:\n  ${id}: off`),
  ]
    .join('\n\n')
    .concat('\n');
}

function fenced(yaml: string): string {
  return `\`\`\`yaml\n${yaml.trim()}\n\`\`\``;
}
