// Generates the rule pages from the rules: pnpm run docs
import { writeFileSync } from 'node:fs';
import { rulePages } from './pages.ts';

for (const [name, text] of rulePages()) writeFileSync(new URL(name, import.meta.url), text);
