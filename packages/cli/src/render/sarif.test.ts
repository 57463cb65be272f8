import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Finding, lint, rules } from '@airgap/core';
import Draft4 from 'ajv-draft-04';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { sarifLog } from './sarif.ts';

const require = createRequire(import.meta.url);
const SCHEMA = require.resolve('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json');
const ajv = new Draft4.default({ strict: false, unicodeRegExp: false });
addFormats.default(ajv);
const validate = ajv.compile(JSON.parse(readFileSync(SCHEMA, 'utf8')) as object);

const finding: Finding = {
  rule: 'latest-tag',
  severity: 'warning',
  message: 'redis has the tag latest',
  hint: 'Use another tag.',
  position: { file: 'a.yaml', line: 1, column: 4 },
};
const sources = [{ file: 'a.yaml', text: '😀: redis # 😀' }];

function first(more: Partial<Finding>) {
  const [run] = sarifLog({ findings: [{ ...finding, ...more }], sources }, '/home/me').runs;
  const [result] = run?.results ?? [];
  if (!result) throw new Error('no result');
  return { result, place: result.locations[0]?.physicalLocation };
}

describe('a SARIF log', () => {
  it('conforms to the published schema, related locations included', async () => {
    const texts = [
      'images:\n- {name: a}\n- {name: b, source: x}\n',
      'apiVersion: v1\nkind: Pod\nspec: {containers: [{image: a}, {image: "c:1", imagePullPolicy: Always}]}\n',
    ];
    const specs = texts.map((text, index) => ({ file: `a folder/${index}.yaml`, text }));
    const result = await lint({ specs });
    expect(result.findings.some(({ related = [] }) => related.length > 0)).toBe(true);
    expect(validate(sarifLog(result, '/home/me')) ? [] : validate.errors).toEqual([]);
  });

  it('conforms without findings', () =>
    expect(validate(sarifLog({ findings: [], sources: [] }, '/home/me'))).toBe(true));

  it('is checked by a schema that rejects invalid logs', () =>
    expect(validate({ version: '2.1.0', runs: [{ results: [] }] })).toBe(false));

  it('describes every rule, and each result points to its rule', () => {
    const [run] = sarifLog({ findings: [finding], sources }, '/home/me').runs;
    expect(run?.tool.driver.rules.map(({ id }) => id)).toEqual(rules.map(({ id }) => id));
    expect(run?.tool.driver.rules[run.results[0]?.ruleIndex ?? -1]).toMatchObject({ id: 'latest-tag' });
  });

  it('counts columns in UTF-16 units, and ends after the word', () => {
    const position = { ...finding.position, column: 5 };
    expect(first({ position }).place?.region).toEqual({ startLine: 1, startColumn: 5, endColumn: 10 });
  });

  it('has no end column without the source', () => {
    const position = { ...finding.position, file: 'b.yaml' };
    expect(first({ position }).place?.region).toEqual({ startLine: 1, startColumn: 4 });
  });

  it('has the message and the fix', () => {
    expect(first({}).result).toMatchObject({
      level: 'warning',
      message: { text: 'redis has the tag latest\nFix: Use another tag.' },
    });
  });

  it('maps info to the SARIF level note', () =>
    expect(first({ severity: 'info' }).result.level).toBe('note'));

  it.each([
    ['a.yaml', 'a.yaml'],
    ['./a.yaml', 'a.yaml'],
    ['a folder/ü#%:?.yaml', 'a%20folder/%C3%BC%23%25%3A%3F.yaml'],
    ['a:b.yaml', 'a%3Ab.yaml'],
    ['/home/me/specs/a.yaml', 'specs/a.yaml'],
    ['/else where/a.yaml', 'file:///else%20where/a.yaml'],
    ['<stdin>', '%3Cstdin%3E'],
  ])('refers to %s as %s', (file, uri) => {
    const location = first({ position: { ...finding.position, file } }).place?.artifactLocation;
    expect(location).toEqual(uri.startsWith('file:') ? { uri } : { uri, uriBaseId: '%SRCROOT%' });
  });
});
