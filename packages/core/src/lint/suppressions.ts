import type { SourceText } from '../input/model/source-text.ts';
import type { Finding } from '../model/finding.ts';
import type { Position } from '../model/position.ts';
import { type Ignore, ignoresOf } from './rule-api/ignore-comment.ts';
import type { Rule } from './rule-api/rule.ts';
import type { RuleSetting } from './rule-api/rule-setting.ts';

/** Severity overrides from `airgap.yaml` and ignore comments. */
export class Suppressions {
  readonly settings: readonly RuleSetting[];
  readonly ignores: readonly Ignore[];
  readonly #used = new Set<Ignore>();
  readonly #byLine = new Map<string, Ignore[]>();

  constructor(sources: readonly SourceText[], settings: readonly RuleSetting[]) {
    this.settings = settings;
    // Lines of a rendered text do not match its file.
    this.ignores = sources.filter(({ rendered }) => !rendered).flatMap(ignoresOf);
    for (const ignore of this.ignores) {
      const key = keyOf(ignore.rule, { ...ignore.position, line: ignore.line });
      this.#byLine.set(key, [...(this.#byLine.get(key) ?? []), ignore]);
    }
  }

  /** Applies rules to their subject and omits suppressed findings. */
  *check<Subject>(rules: readonly Rule<Subject>[], subject: Subject): Generator<Finding> {
    for (const rule of rules) {
      const override = this.#severityOf(rule.id);
      if (override === 'off') continue;
      for (const finding of rule.check(subject)) {
        const ignores = this.#byLine.get(keyOf(rule.id, finding.position)) ?? [];
        for (const ignore of ignores) this.#used.add(ignore);
        const severity = override ?? finding.severity ?? rule.severity;
        if (ignores.length === 0) yield { rule: rule.id, ...finding, severity };
      }
    }
  }

  /** Returns the ignores of rules that have run without a finding at their lines. */
  unused(rules: readonly { readonly id: string }[]): Ignore[] {
    const enabled = new Set(rules.map(({ id }) => id).filter(id => this.#severityOf(id) !== 'off'));
    return this.ignores.filter(ignore => enabled.has(ignore.rule) && !this.#used.has(ignore));
  }

  #severityOf(rule: string) {
    return this.settings.findLast(setting => setting.rule === rule)?.severity;
  }
}

function keyOf(rule: string, { file, line }: Position): string {
  return JSON.stringify([rule, file, line]);
}
