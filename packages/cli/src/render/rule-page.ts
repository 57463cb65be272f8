import type { RuleText } from '@airgap/core';

/** What a rule's page of docs says below its title, as Markdown; code scanning shows the same. */
export function rulePage({ id, severity, explanation, example }: RuleText): string {
  return [
    `Severity: ${severity}`,
    explanation,
    ...(example ? ['## Found', fenced(example.found), '## Mended', fenced(example.mended)] : []),
    '## Turning it off',
    `At one place, with a comment at the line or above it: \`# airgap-ignore ${id}: reason\`. Everywhere, or with another ` +
      'severity (`off`, `info`, `warning`, `error`), in `airgap.yaml`:',
    fenced(`rules:\n  ${id}: off`),
  ]
    .join('\n\n')
    .concat('\n');
}

function fenced(yaml: string): string {
  return `\`\`\`yaml\n${yaml.trim()}\n\`\`\``;
}
