import { formatPosition, type RuleSetting, rules } from '@airgap/core';
import { printable } from './printable.ts';

/** Renders a line for each setting of a rule that does not exist. For commands that do not lint. */
export function renderUnknownRules(settings: readonly RuleSetting[] = []): string {
  const known = new Set(rules.map(({ id }) => id));
  const unknown = settings.filter(({ rule }) => !known.has(rule));
  return unknown
    .map(({ rule, position }) => {
      const where = position ? `${formatPosition(position)}: ` : '';
      return `${printable(`${where}warning: unknown rule "${rule}" (ignored)`)}\n`;
    })
    .join('');
}
