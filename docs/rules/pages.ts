import { type RuleText, rules } from '@airgap/core';
import { rulePage } from '../../packages/cli/src/render/rule-page.ts';

/** The rule pages: file name in this folder → content. */
export function rulePages(): Map<string, string> {
  const sorted = [...rules].sort((a, b) => (a.id < b.id ? -1 : 1));
  return new Map([
    ['README.md', contents(sorted)],
    ...sorted.map(rule => [`${rule.id}.md`, `# ${rule.id}\n\n${rulePage(rule)}`] as const),
  ]);
}

function contents(sorted: readonly RuleText[]): string {
  const rows = sorted.map(({ id, severity }) => `- [${id}](${id}.md), ${severity}`);
  return `# Rules of \`airgap lint\`\n\n${rows.join('\n')}\n\nTo suppress findings or change severities, see [lint](../guides/lint.md#suppressing-findings).\n`;
}
