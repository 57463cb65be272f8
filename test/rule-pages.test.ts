import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { rulePages } from '../docs/rules/pages.ts';

const FOLDER = new URL('../docs/rules/', import.meta.url);

it('the rule pages match the rules (update with: pnpm run docs)', () => {
  const pages = readdirSync(FOLDER).filter(name => name.endsWith('.md'));
  const written = new Map(pages.map(name => [name, readFileSync(new URL(name, FOLDER), 'utf8')]));
  expect(written).toEqual(rulePages());
});
