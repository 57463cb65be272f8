import { formatBytes } from '@airgap/core';
import type { Colors } from 'picocolors/types.js';
import { shortDigest } from '../render/digest.ts';
import { printable } from '../render/printable.ts';
import { clip, clipStart, widthOf } from '../render/width.ts';
import { isUpload, phaseLine, progressLine } from './lines.ts';
import type { Progress, Transfer } from './progress.ts';

/** The room for the block, in columns and lines. */
export interface BlockSize {
  readonly width: number;
  readonly height: number;
}

/** The text beside the bar has at least this width, so that the bar does not change with each digit. */
const TEXT_WIDTH = 50;
/** A shorter bar says less than the text. */
const MIN_BAR = 10;
const MAX_IMAGE = 80;

/** Renders the lines of the live block; none before there is anything to show. */
export function progressBlock(progress: Progress, size: BlockSize, colors: Colors): string[] {
  const { phase } = progress;
  if (phase === undefined || phase === 'read') return [];
  const line = phase === 'finish' ? 'writing to disk …' : phaseLine(progress);
  if (line !== undefined) return [clip(line, size.width)];
  return [headLine(progress, size, colors), ...transferLines(progress, size, colors)];
}

function headLine(progress: Progress, { width }: BlockSize, colors: Colors): string {
  const text = progressLine(progress);
  const usual = TEXT_WIDTH + (isUpload(progress) ? 'uploading '.length : 0);
  const length = width - 1 - Math.max(usual, widthOf(text));
  if (length < MIN_BAR) return clip(text, width);
  const full = Math.round(progress.fraction * length);
  return `${colors.green('█'.repeat(full))}${colors.dim('░'.repeat(length - full))} ${text}`;
}

/** The blobs in transfer, the largest first, as many as there is room for. */
function transferLines({ transfers }: Progress, { width, height }: BlockSize, colors: Colors): string[] {
  const room = Math.max(0, height - 1);
  const all = [...transfers.values()].sort((a, b) => b.size - a.size);
  const shown = all.length > room ? all.slice(0, Math.max(0, room - 1)) : all;
  const lines = shown.map(transfer => transferLine(transfer, width));
  if (shown.length < all.length && room > 0)
    lines.push(clip(`  and ${all.length - shown.length} more`, width));
  return lines.map(line => colors.dim(line));
}

/** The image, the size, and the digest where there is room. */
function transferLine({ digest, size, received, image = '' }: Transfer, width: number): string {
  const sizes = `${formatBytes(received).padStart(8)} of ${formatBytes(size).padEnd(8)}`;
  const short = shortDigest(digest);
  const full = width - widthOf(`    ${sizes}  ${short}`);
  const hasDigest = full >= MIN_IMAGE;
  const room = Math.min(MAX_IMAGE, hasDigest ? full : width - widthOf(`    ${sizes}`));
  const name = clipName(printable(image), room);
  const padded = `${name}${' '.repeat(Math.max(0, room - widthOf(name)))}`;
  return clip(`  ${padded}  ${sizes}${hasDigest ? `  ${printable(short)}` : ''}`, width);
}

/** Below this width of the image, the digest is left out. */
const MIN_IMAGE = 24;

/** Leaves out the host of a long name, then its beginning: the end tells images apart. */
function clipName(image: string, room: number): string {
  if (widthOf(image) <= room) return image;
  const path = image.slice(image.indexOf('/') + 1);
  return clipStart(path, room);
}
