import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { VERSION } from './version.ts';

it.each(['core', 'cli'])('the version is that of packages/%s/package.json', folder => {
  const url = new URL(`../../../${folder}/package.json`, import.meta.url);
  expect(JSON.parse(readFileSync(url, 'utf8')).version).toBe(VERSION);
});
