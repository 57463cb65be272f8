import type { RuleText } from '@airgap/core';

const ONLINE =
  'This rule queries registries: with `airgap lint --online`, and in `airgap plan` and `airgap build`';

/** What a rule's page of docs says below its title, as Markdown; code scanning shows the same. */
export function rulePage({ id, severity, explanation, queriesRegistries, example }: RuleText): string {
  return [
    `Severity: ${severity}${queriesRegistries ? `. ${ONLINE}` : ''}`,
    explanation,
    ...(example ? ['## Found', fenced(example.found), '## Fixed', fenced(example.fixed)] : []),
    '## Suppressing it',
    `On one line, with a comment on that line or above it: \`# airgap-ignore ${id}: reason\`. For all files, set the ` +
      'severity (`off`, `info`, `warning`, `error`) in `airgap.yaml`:',
    fenced(`rules:\n  ${id}: off`),
  ]
    .join('\n\n')
    .concat('\n');
}

function fenced(yaml: string): string {
  return `\`\`\`yaml\n${yaml.trim()}\n\`\`\``;
}
