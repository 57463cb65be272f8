import { describe, expect, it } from 'vitest';
import { parseSpec } from '../input/spec-parser.ts';
import { runRules } from './lint-run.ts';
import { rules } from './rules/index.ts';

const LOCATIONS = {
  app: 'shop',
  registries: { quay: 'quay.io', team: 'quay.io/team', hub: 'index.docker.io', 'hub-site': 'hub.docker.com' },
};

const found = (text: string) => runRules(parseSpec([{ file: 'f', text }]), LOCATIONS).map(({ rule }) => rule);

describe('the example of a rule', () => {
  const shown = rules.flatMap(({ id, example }) => (example ? [{ id, example }] : []));
  it.each(shown)('$id has a finding, and none once fixed', ({ id, example }) => {
    expect(found(example.found)).toContain(id);
    expect(found(example.fixed)).toEqual([]);
  });
});

it.each(rules)('$id has an explanation of at least one full sentence', ({ id, explanation }) => {
  expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
  expect(explanation).toMatch(/^[A-Za-z].{80,}\.$/s);
});
