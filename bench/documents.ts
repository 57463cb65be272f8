import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chart } from './chart.ts';
import { figuresTable, fillBlock } from './figures.ts';
import { contestTable, contestTitle, failures, type Result, summaryTable } from './report.ts';
import { asMarkdown } from './table.ts';
import type { Workload } from './workload.ts';

/**
 * Writes all that the documents say about a run: `docs/bench-run.md` with every table, the chart, the summary in
 * `docs/bench.md`, and the figures in `README.md`.
 *
 * @param root the folder of the repository
 * @param conditions the machine, the programs and the scale, in one sentence
 */
export function writeDocuments(root: string, conditions: string, results: readonly Result[]): void {
  mkdirSync(join(root, 'docs'), { recursive: true });
  writeFileSync(join(root, 'docs/bench-run.md'), tables(conditions, results));
  writeFileSync(join(root, 'docs/bench.svg'), chart(results));
  const summary = `${conditions}\n\n${asMarkdown(summaryTable(results))}`;
  fill(join(root, 'docs/bench.md'), 'summary', summary);
  fill(join(root, 'README.md'), 'figures', asMarkdown(figuresTable(results)));
}

/** Returns the heading of a workload. */
export function heading({ number, title }: Workload): string {
  return `${number}. ${title}`;
}

function tables(conditions: string, results: readonly Result[]): string {
  const sections = results.flatMap(({ workload, outcomes }) => [
    `## ${heading(workload)}`,
    ...outcomes.flatMap(outcome => [
      `${contestTitle(outcome)}:`,
      asMarkdown(contestTable(outcome)).trimEnd(),
      ...failures(outcome).map(firstLine),
    ]),
  ]);
  const intro = `${conditions}\nWhat it says is on the page of [the bench](bench.md).`;
  return `${['# One run', intro, ...sections].join('\n\n')}\n`;
}

function fill(file: string, name: string, content: string): void {
  try {
    writeFileSync(file, fillBlock(readFileSync(file, 'utf8'), name, content));
  } catch (cause) {
    throw new Error(`cannot fill the block ${name} of ${file}`, { cause });
  }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
