import { formatBytes, type LoadedImage, type LoadResult } from '@airgap/core';
import { count } from './count.ts';
import { shortDigest } from './digest.ts';
import { formatDuration } from './duration.ts';
import { printable } from './printable.ts';
import { renderSignatures } from './signing.ts';
import { renderTable } from './table.ts';

const COLUMNS = [{ title: 'IMAGE' }, { title: 'TARGET' }, { title: 'DIGEST' }, { title: 'STATE' }];

type PushedImages = Pick<LoadResult, 'images' | 'uploaded' | 'mounted' | 'dryRun' | 'elapsed' | 'target'>;

/** Renders a load into a registry: a push, and the signatures of the images. */
export function renderLoad(result: LoadResult): string {
  return `${renderPush(result)}${renderSignatures(result.signatures)}`;
}

/** Renders a push: a table of images, and a line of totals. */
export function renderPush(result: PushedImages): string {
  const { images, uploaded, mounted, dryRun, elapsed, target } = result;
  const traffic = [
    `${count(uploaded.blobs, 'blob')}, ${formatBytes(uploaded.bytes)} ${dryRun ? 'to upload' : 'uploaded'}`,
    `${count(mounted.blobs, 'blob')}, ${formatBytes(mounted.bytes)} ${dryRun ? 'to mount' : 'mounted'}`,
  ];
  const end = dryRun ? 'nothing was pushed' : `in ${formatDuration(elapsed)}`;
  const rows = images.map(image => row(image, dryRun));
  return `${renderTable(COLUMNS, rows)}\n${printable(target)}: ${traffic.join('; ')}; ${end}\n`;
}

function row({ name, destination, digest, found, state }: LoadedImage, dryRun: boolean): string[] {
  const states = {
    pushed: dryRun ? 'to push' : 'pushed',
    present: 'up to date',
    skipped: `skipped (exists as ${printable(shortDigest(found ?? ''))})`,
  };
  return [printable(name), printable(destination), printable(shortDigest(digest)), states[state]];
}
