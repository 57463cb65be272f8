import {
  type Finding,
  type LintResult,
  type Position,
  type RuleText,
  rules,
  type SourceText,
} from '@airgap/core';
import { version } from '../version.ts';
import { artifactUri } from './artifact.ts';
import { markAt } from './mark.ts';
import { rulePage } from './rule-page.ts';

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';
/** The base of relative URIs. The consumer of the log defines it; in code scanning it is the repository. */
const BASE = '%SRCROOT%';
const LEVELS = { error: 'error', warning: 'warning', info: 'note' } as const;

/**
 * Creates a SARIF 2.1.0 log of one run for code scanning.
 *
 * @param folder absolute path; files below it get relative URIs
 */
export function sarifLog({ findings, sources }: Pick<LintResult, 'findings' | 'sources'>, folder: string) {
  const result = (finding: Finding) => sarifResult(finding, sources, folder);
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'airgap', version: version(), rules: rules.map(descriptor) } },
        columnKind: 'utf16CodeUnits',
        results: findings.map(result),
      },
    ],
  };
}

function descriptor(rule: RuleText) {
  const { id, severity, explanation } = rule;
  const [summary = explanation] = explanation.split(/(?<=\.)\s/);
  return {
    id,
    shortDescription: { text: summary },
    fullDescription: { text: explanation },
    help: { text: explanation, markdown: rulePage(rule) },
    defaultConfiguration: { level: LEVELS[severity] },
  };
}

function sarifResult(finding: Finding, sources: readonly SourceText[], folder: string) {
  const { rule, severity, message, hint, position, related = [] } = finding;
  const ruleIndex = rules.findIndex(({ id }) => id === rule);
  const place = (position: Position) => physicalLocation(position, sources, folder);
  return {
    ruleId: rule,
    ...(ruleIndex < 0 ? {} : { ruleIndex }),
    level: LEVELS[severity],
    message: { text: `${message}\nFix: ${hint}` },
    locations: [{ physicalLocation: place(position) }],
    relatedLocations: related.map((location, id) => ({
      id,
      message: { text: location.message },
      physicalLocation: place(location.position),
    })),
  };
}

function physicalLocation(position: Position, sources: readonly SourceText[], folder: string) {
  const { file, line, column } = position;
  const uri = artifactUri(folder, file);
  const length = markAt(position, sources)?.word.length ?? 0;
  return {
    artifactLocation: uri.startsWith('file:') ? { uri } : { uri, uriBaseId: BASE },
    region: {
      startLine: line,
      startColumn: column,
      ...(length > 0 ? { endColumn: column + length } : {}),
    },
  };
}
