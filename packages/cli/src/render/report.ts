import type { AppliedFix, LintResult } from '@airgap/core';
import type { Colors } from 'picocolors/types.js';
import { renderAnnotation } from './annotation.ts';
import { count } from './count.ts';
import { groupFindings, renderFinding, renderSummary } from './finding.ts';
import { formatJson } from './json.ts';
import { sarifLog } from './sarif.ts';

export const LINT_FORMATS = ['pretty', 'json', 'sarif', 'github'] as const;
export type LintFormat = (typeof LINT_FORMATS)[number];

/** The findings of a lint, and the fixes applied before it. */
export interface LintReport extends LintResult {
  readonly fixed?: readonly AppliedFix[];
  readonly files?: readonly { readonly file: string; readonly diff: string }[];
}

export interface ReportStyle {
  readonly colors: Colors;
  /** Absolute path; files below it get relative names in SARIF logs and annotations. */
  readonly folder: string;
}

/** Renders the findings in a format. */
export function renderReport(format: LintFormat, result: LintReport, style: ReportStyle): string {
  return RENDER[format](result, style);
}

type Render = (result: LintReport, style: ReportStyle) => string;

const RENDER: Readonly<Record<LintFormat, Render>> = {
  pretty: ({ findings, sources, mentions, images, inputFiles }, { colors }) => {
    const rendered = groupFindings(findings).map(
      ([first, ...others]) => `${renderFinding(first, sources, colors, others)}\n`,
    );
    const read = `${count(mentions, 'mention')} of ${count(images, 'image')} in ${count(inputFiles, 'file')}`;
    return `${rendered.join('')}${renderSummary(findings)}; ${read}\n`;
  },
  json: ({ sources: _, ...result }) => `${formatJson(result, 2)}\n`,
  sarif: (result, { folder }) => `${formatJson(sarifLog(result, folder), 2)}\n`,
  github: ({ findings }, { folder }) =>
    findings.map(finding => `${renderAnnotation(finding, folder)}\n`).join(''),
};
