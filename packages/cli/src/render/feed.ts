import type { LoadRuntimeResult, RuntimeLoadedImage } from '@airgap/core';
import { formatBytes } from './bytes.ts';
import { count } from './count.ts';
import { shortDigest } from './digest.ts';
import { formatDuration } from './duration.ts';
import { printable } from './printable.ts';
import { renderTable } from './table.ts';

const COLUMNS = [{ title: 'IMAGE' }, { title: 'DIGEST' }, { title: 'IS KEPT AS' }, { title: '' }];

/** What became of every name, and a line of sums. */
export function renderFeed(result: LoadRuntimeResult): string {
  const { images, loaded, dryRun, elapsed, target } = result;
  const end = dryRun ? 'to load; nothing was loaded' : `loaded in ${formatDuration(elapsed)}`;
  const sums = `${count(loaded.blobs, 'blob')}, ${formatBytes(loaded.bytes)} ${end}`;
  const rows = images.map(image => row(image, dryRun));
  return `${renderTable(COLUMNS, rows)}\n${printable(target)} ${sums}\n`;
}

function row({ name, digest, found, state }: RuntimeLoadedImage, dryRun: boolean): string[] {
  const states = {
    loaded: dryRun ? 'to load' : 'loaded',
    present: 'there already',
    unnamed: 'loaded, without its name',
    artifact: 'left out: nothing that runs',
  };
  const kept = found === undefined ? '–' : shortDigest(found);
  return [printable(name), printable(shortDigest(digest)), printable(kept), states[state]];
}
