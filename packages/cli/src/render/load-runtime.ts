import type { LoadRuntimeResult, RuntimeLoadedImage } from '@airgap/core';
import { formatBytes } from './bytes.ts';
import { count } from './count.ts';
import { shortDigest } from './digest.ts';
import { formatDuration } from './duration.ts';
import { printable } from './printable.ts';
import { renderSignatures } from './signing.ts';
import { renderTable } from './table.ts';

const COLUMNS = [{ title: 'IMAGE' }, { title: 'DIGEST' }, { title: 'RUNTIME ID' }, { title: 'STATE' }];

/** Renders a load into a runtime: a table of images, and a line of totals. */
export function renderLoadRuntime(result: LoadRuntimeResult): string {
  const { images, loaded, dryRun, elapsed, target } = result;
  const end = dryRun ? 'to load; nothing was loaded' : `loaded in ${formatDuration(elapsed)}`;
  const totals = `${count(loaded.blobs, 'blob')}, ${formatBytes(loaded.bytes)} ${end}`;
  const rows = images.map(image => row(image, dryRun));
  return `${renderTable(COLUMNS, rows)}\n${printable(target)} ${totals}\n${renderSignatures(result.signatures)}`;
}

function row({ name, digest, found, state }: RuntimeLoadedImage, dryRun: boolean): string[] {
  const states = {
    loaded: dryRun ? 'to load' : 'loaded',
    present: 'up to date',
    unnamed: 'loaded without a name',
    artifact: 'skipped: not an image',
  };
  const runtimeId = found === undefined ? '-' : shortDigest(found);
  return [printable(name), printable(shortDigest(digest)), printable(runtimeId), states[state]];
}
