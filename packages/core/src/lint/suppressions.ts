import type { SourceText } from '../input/model/source-text.ts';
import type { Finding } from '../model/finding.ts';
import type { Position } from '../model/position.ts';
import { type Ignore, ignoresOf } from './rule-api/ignore-comment.ts';
import type { Rule } from './rule-api/rule.ts';
import type { RuleSetting } from './rule-api/rule-setting.ts';

/** What people said about the rules themselves: grades in `airgap.yaml`, ignores at a line. */
export class Suppressions {
  readonly grades: readonly RuleSetting[];
  readonly ignores: readonly Ignore[];
  readonly #silent = new Set<Ignore>();
  readonly #byPlace = new Map<string, Ignore[]>();

  constructor(sources: readonly SourceText[], grades: readonly RuleSetting[]) {
    this.grades = grades;
    // No line of a rendered text stands in its file.
    this.ignores = sources.filter(({ rendered }) => !rendered).flatMap(ignoresOf);
    for (const ignore of this.ignores) {
      const place = placeOf(ignore.rule, { ...ignore.position, line: ignore.line });
      this.#byPlace.set(place, [...(this.#byPlace.get(place) ?? []), ignore]);
    }
  }

  /** Applies rules to what they look at, and leaves out what was silenced. */
  *check<Subject>(rules: readonly Rule<Subject>[], subject: Subject): Generator<Finding> {
    for (const rule of rules) {
      const grade = this.#gradeOf(rule.id);
      if (grade === 'off') continue;
      for (const found of rule.check(subject)) {
        const ignores = this.#byPlace.get(placeOf(rule.id, found.position)) ?? [];
        for (const ignore of ignores) this.#silent.add(ignore);
        const severity = grade ?? found.severity ?? rule.severity;
        if (ignores.length === 0) yield { rule: rule.id, ...found, severity };
      }
    }
  }

  /** The ignores of rules that have looked, and had nothing to say at their lines. */
  unused(rules: readonly { readonly id: string }[]): Ignore[] {
    const looked = new Set(rules.map(({ id }) => id).filter(id => this.#gradeOf(id) !== 'off'));
    return this.ignores.filter(ignore => looked.has(ignore.rule) && !this.#silent.has(ignore));
  }

  #gradeOf(rule: string) {
    return this.grades.findLast(one => one.rule === rule)?.grade;
  }
}

function placeOf(rule: string, { file, line }: Position): string {
  return JSON.stringify([rule, file, line]);
}
