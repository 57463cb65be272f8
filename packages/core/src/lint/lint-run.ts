import type { Answer } from '../resolve/resolve-all.ts';
import type { Spec } from '../input/model/spec.ts';
import type { Locations } from '../input/references.ts';
import type { Finding } from '../model/finding.ts';
import type { RuleGrade } from './rule-api/rule-setting.ts';
import { Matching } from './rule-api/spec-index.ts';
import type { RuleText } from './rule-api/rule.ts';
import { answerRules, rules, specRules } from './rules/index.ts';
import { unknownRule } from './rules/unknown-rule.ts';
import { unusedIgnore } from './rules/unused-ignore.ts';
import { Silencing } from './suppressions.ts';

/** One run of the rules over some specs; each method is for one call. */
export class Linting {
  readonly #spec: Spec;
  readonly #silencing: Silencing;

  constructor(spec: Spec, grades: readonly RuleGrade[] = []) {
    this.#spec = spec;
    this.#silencing = new Silencing(spec.sources, grades);
  }

  /**
   * What is wrong in the specs, in the order of the sources, line by line; what is about other files comes first.
   *
   * @throws AirgapError `USAGE` for the grade of a rule that there is not, unless it says where it was written
   */
  specs(locations: Locations): Finding[] {
    const named = [...this.#silencing.grades, ...this.#silencing.ignores];
    const known = rules.map(({ id }) => id);
    return this.inOrder([
      ...this.#silencing.check(specRules, new Matching(this.#spec, locations)),
      ...this.#silencing.check([unknownRule], { named, known }),
      ...this.#unused([...specRules, unknownRule]),
    ]);
  }

  /** What is wrong with the images, as their registries tell it. */
  answers(answers: readonly Answer[]): Finding[] {
    return this.inOrder([...this.#silencing.check(answerRules, answers), ...this.#unused(answerRules)]);
  }

  /** Findings by their sources, line by line. */
  inOrder(findings: readonly Finding[]): Finding[] {
    const order = new Map(this.#spec.sources.map(({ file }, index) => [file, index]));
    const placeOf = (file: string) => order.get(file) ?? -1;
    return [...findings].sort(
      ({ position: a }, { position: b }) =>
        placeOf(a.file) - placeOf(b.file) || a.line - b.line || a.column - b.column,
    );
  }

  /** To be asked when those rules have looked: which ignores are in use is known only then. */
  *#unused(looked: readonly RuleText[]): Generator<Finding> {
    yield* this.#silencing.check([unusedIgnore], this.#silencing.unused(looked));
  }
}

/** Applies every rule that looks at the specs, and is not off. @throws AirgapError as {@link Linting.specs} does */
export function runRules(spec: Spec, locations: Locations, grades?: readonly RuleGrade[]): Finding[] {
  return new Linting(spec, grades).specs(locations);
}
