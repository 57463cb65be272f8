import { type AirgapEvent, type Finding, rules } from '@airgap/core';
import { renderCounts } from '../render/finding.ts';
import type { Reporter } from './reporter.ts';

/** Replaces the findings among the events of a verb with one line, reported before anything is downloaded. */
export class FindingSummary {
  readonly #inputs: readonly string[];
  readonly #next: Reporter['onEvent'];
  readonly #findings: Finding[] = [];

  /** @param inputs as on the command line */
  constructor(inputs: readonly string[], next: Reporter['onEvent']) {
    this.#inputs = inputs;
    this.#next = next;
  }

  readonly onEvent = (event: AirgapEvent): void => {
    if (event.type === 'finding') {
      this.#findings.push(event.finding);
      return;
    }
    if (event.type === 'planned') this.report();
    this.#next(event);
  };

  /** Reports the findings since the last call, if any. */
  report(): void {
    const findings = this.#findings.splice(0);
    if (findings.length === 0) return;
    const online = findings.some(needsRegistries) ? ['--online'] : [];
    const command = ['airgap', 'lint', ...online, ...this.#inputs].join(' ');
    this.#next({
      type: 'notice',
      message: `${renderCounts(findings)}: "${command}" or --lint full shows them`,
    });
  }
}

function needsRegistries(finding: Finding): boolean {
  return rules.some(({ id, queriesRegistries }) => queriesRegistries && id === finding.rule);
}
