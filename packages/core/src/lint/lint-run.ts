import type { Spec } from '../input/model/spec.ts';
import type { RegistrySettings } from '../input/references.ts';
import type { ImageRequest } from '../input/requests.ts';
import type { Finding } from '../model/finding.ts';
import type { Resolution } from '../resolve/resolve-all.ts';
import type { RuleText } from './rule-api/rule.ts';
import type { RuleSetting } from './rule-api/rule-setting.ts';
import { SpecIndex } from './rule-api/spec-index.ts';
import { answerRules, rules, specRules } from './rules/index.ts';
import { unknownRule } from './rules/unknown-rule.ts';
import { unusedIgnore } from './rules/unused-ignore.ts';
import { Suppressions } from './suppressions.ts';

/** One run of the rules over some specs; each method is for one call. */
export class LintRun {
  readonly #spec: Spec;
  readonly #silencing: Suppressions;

  constructor(spec: Spec, grades: readonly RuleSetting[] = []) {
    this.#spec = spec;
    this.#silencing = new Suppressions(spec.sources, grades);
  }

  /**
   * What is wrong in the specs, in the order of the sources, line by line; what is about other files comes first.
   *
   * @throws AirgapError `USAGE` for the grade of a rule that there is not, unless it says where it was written
   */
  specs(locations: RegistrySettings): Finding[] {
    const named = [...this.#silencing.grades, ...this.#silencing.ignores];
    const known = rules.map(({ id }) => id);
    return this.inOrder([
      ...this.#silencing.check(specRules, new SpecIndex(this.#spec, locations)),
      ...this.#silencing.check([unknownRule], { named, known }),
      ...this.#unused([...specRules, unknownRule]),
    ]);
  }

  /** What is wrong with the images, as their registries tell it. */
  resolutions(answers: readonly Resolution<ImageRequest>[]): Finding[] {
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

/** Applies every rule that looks at the specs, and is not off. @throws AirgapError as {@link LintRun.specs} does */
export function runRules(
  spec: Spec,
  locations: RegistrySettings,
  grades?: readonly RuleSetting[],
): Finding[] {
  return new LintRun(spec, grades).specs(locations);
}
