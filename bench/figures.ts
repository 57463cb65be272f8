import type { Outcome } from './contest.ts';
import { median, rank } from './ranking.ts';
import { type Result, seconds } from './report.ts';
import type { Table } from './table.ts';

/** The rows of the README: the first outcome of a workload each. */
const ROWS = [
  { label: 'build', workload: 1 },
  { label: 'build, each connection capped at 40 MB/s', workload: 3 },
  { label: 'rebuild after one of the images changed', workload: 7 },
  { label: 'verify', workload: 9 },
  { label: 'load into an empty registry', workload: 8 },
  { label: 'load over TLS', workload: 13 },
  { label: 'load, 50 ms per request', workload: 14 },
] as const;

/** Creates the table of the README from the workloads that have results. */
export function figuresTable(results: readonly Result[]): Table {
  const rows = ROWS.flatMap(({ label, workload }) => {
    const outcome = results.find(result => result.workload.number === workload)?.outcomes[0];
    return outcome === undefined ? [] : [[label, ...figures(outcome)]];
  });
  return { head: ['', 'airgap', 'fastest peer'], rows };
}

function figures(outcome: Outcome): string[] {
  const { ours, fastest } = rank(outcome);
  return [
    ours ? seconds(median(ours, 'seconds')) : 'failed',
    fastest ? `${seconds(median(fastest, 'seconds'))} (${fastest.entrant.name})` : '',
  ];
}

/**
 * Replaces what a Markdown text has between `<!-- bench:NAME -->` and `<!-- /bench:NAME -->`.
 *
 * @throws Error if it does not have both
 */
export function fillBlock(text: string, name: string, content: string): string {
  const start = `<!-- bench:${name} -->`;
  const end = `<!-- /bench:${name} -->`;
  const from = text.indexOf(start);
  const to = text.indexOf(end);
  if (from === -1 || to < from) throw new Error(`no block ${start} … ${end}`);
  return `${text.slice(0, from + start.length)}\n\n${content.trim()}\n\n${text.slice(to)}`;
}
