import type { DiffResult } from '@airgap/core';
import { formatBytes } from '@airgap/core';
import { count } from './count.ts';
import { printable } from './printable.ts';
import { pairVersions, splitName } from './version-bumps.ts';

/** The cells of one image: its repository, the tags in OLD and NEW, and what a holder of OLD has to download. */
type Row = readonly [repository: string, before: string, after: string, download: string];

/** Renders the differences between two bundles as a table in Markdown, for release notes. */
export function renderReleaseNotes(result: DiffResult): string {
  const rows = [...rowsOf(result)].sort(([a], [b]) => (a < b ? -1 : 1));
  const table = [HEAD, RULE, ...rows].map(cells => `| ${cells.map(escaped).join(' | ')} |`);
  const { blobs, bytes } = result.onlyNew;
  const total = `With the older bundle at hand, ${formatBytes(bytes)} (${count(blobs, 'blob')}) are new.`;
  if (rows.length === 0) return `No image has changed.\n`;
  return `${table.join('\n')}\n\n${total}\n`;
}

const HEAD: Row = ['image', 'before', 'after', 'new'];
const RULE: Row = ['---', '---', '---', '--:'];

function* rowsOf(result: DiffResult): Generator<Row> {
  const { bumps, added, removed } = pairVersions(result);
  for (const bump of bumps) {
    const isSame = bump.added.digest === bump.removed.digest;
    const size = isSame ? 'same image' : formatBytes(bump.added.newBytes);
    yield [bump.repository, bump.oldTag, bump.newTag, size];
  }
  for (const { name, newBytes } of result.changed) {
    const { repository, tag } = splitName(name);
    yield [repository, tag, `${tag} (rebuilt)`.trimStart(), formatBytes(newBytes)];
  }
  for (const { name, newBytes } of added) {
    const { repository, tag } = splitName(name);
    yield [repository, '–', tag || 'added', formatBytes(newBytes)];
  }
  for (const { name } of removed) {
    const { repository, tag } = splitName(name);
    yield [repository, tag || 'yes', 'removed', ''];
  }
}

/** Names in bundles of other tools may contain anything. */
function escaped(cell: string): string {
  return printable(cell).replace(/[\\`*[\]<>|]/g, '\\$&');
}
