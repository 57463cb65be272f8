import type { Spec } from '../input/model/spec.ts';
import type { RegistrySettings } from '../input/references.ts';
import type { ImageRequest } from '../input/requests.ts';
import type { Finding } from '../model/finding.ts';
import type { ReplicatedDomains } from '../reference/replicated.ts';
import type { Resolution } from '../resolve/resolve-all.ts';
import type { RuleText } from './rule-api/rule.ts';
import type { RuleSetting } from './rule-api/rule-setting.ts';
import { SpecIndex } from './rule-api/spec-index.ts';
import { registryRules, rules, specRules } from './rules/index.ts';
import { unknownRule } from './rules/unknown-rule.ts';
import { unusedIgnore } from './rules/unused-ignore.ts';
import { Suppressions } from './suppressions.ts';

/** One run of the rules over the input; call each method once. */
export class LintRun {
  readonly #index: SpecIndex;
  readonly #suppressions: Suppressions;

  constructor(index: SpecIndex, settings: readonly RuleSetting[] = []) {
    this.#index = index;
    this.#suppressions = new Suppressions(index.spec.sources, settings);
  }

  /**
   * Returns the findings in the input, in source order, then by line; findings in other files come first.
   *
   * @throws AirgapError `USAGE` for a setting of an unknown rule, unless it has a position
   */
  specs(): Finding[] {
    const named = [...this.#suppressions.settings, ...this.#suppressions.ignores];
    const known = rules.map(({ id }) => id);
    return this.inOrder([
      ...this.#suppressions.check(specRules, this.#index),
      ...this.#suppressions.check([unknownRule], { named, known }),
      ...this.#unused([...specRules, unknownRule]),
    ]);
  }

  /** Returns the findings in the images, as resolved by their registries. */
  resolutions(resolutions: readonly Resolution<ImageRequest>[], domains: ReplicatedDomains): Finding[] {
    return this.inOrder([
      ...this.#suppressions.check(registryRules, { resolutions, domains }),
      ...this.#unused(registryRules),
    ]);
  }

  /** Sorts findings by source, line and column; a finding that an alias repeats is reported once. */
  inOrder(findings: readonly Finding[]): Finding[] {
    const order = new Map(this.#index.spec.sources.map(({ file }, index) => [file, index]));
    const placeOf = (file: string) => order.get(file) ?? -1;
    return withoutRepeats(findings).sort(
      ({ position: a }, { position: b }) =>
        placeOf(a.file) - placeOf(b.file) || a.line - b.line || a.column - b.column,
    );
  }

  /** Call after these rules have run: only then are the used ignores known. */
  *#unused(applied: readonly RuleText[]): Generator<Finding> {
    yield* this.#suppressions.check([unusedIgnore], this.#suppressions.unused(applied));
  }
}

function withoutRepeats(findings: readonly Finding[]): Finding[] {
  const distinct = new Map<string, Finding>();
  for (const finding of findings) {
    const { rule, message, position } = finding;
    const key = JSON.stringify([rule, position, message]);
    if (!distinct.has(key)) distinct.set(key, finding);
  }
  return [...distinct.values()];
}

/** Applies every enabled rule to the input, without registries. @throws AirgapError like {@link LintRun.specs} */
export function runRules(
  spec: Spec,
  locations: RegistrySettings,
  settings?: readonly RuleSetting[],
): Finding[] {
  return new LintRun(new SpecIndex(spec, locations), settings).specs();
}
