import {
  type AddedImage,
  type BlobAmount,
  type ChangedImage,
  type ChangedLayer,
  type DiffResult,
  formatBytes,
  type PlatformChange,
  type RemovedImage,
} from '@airgap/core';
import type { Colors } from 'picocolors/types.js';
import { count } from './count.ts';
import { renderPlatforms } from './platforms.ts';
import { printable } from './printable.ts';
import { pairVersions, type VersionBump } from './version-bumps.ts';

/** Renders the differences between two bundles: each image that differs, then totals. */
export function renderDifference(result: DiffResult, colors: Colors): string {
  const { removed, added, bumps } = pairVersions(result);
  const images = [
    ...removed.map(image => renderRemoved(image, colors)),
    ...added.map(image => renderAdded(image, colors)),
    ...bumps.map(bump => renderBump(bump, colors)),
    ...result.changed.map(image => renderChanged(image, colors)),
  ];
  return [...images, renderTotals(result)].join('\n');
}

/** A new version of an image, or the same image with another tag. */
function renderBump({ repository, oldTag, newTag, removed, added }: VersionBump, colors: Colors): string {
  const isSame = added.digest === removed.digest;
  const sizes = `${formatBytes(added.newBytes)} new; ${formatBytes(removed.oldBytes)} in OLD only`;
  return [
    `${colors.yellow('version')} ${printable(repository)} ${printable(oldTag)} -> ${printable(newTag)}`,
    isSame ? `  ${printable(added.digest)}` : `  ${renderStep(removed.digest, added.digest)}`,
    `  ${formatBytes(added.bytes)}, ${isSame ? 'same image' : sizes}`,
    '',
  ].join('\n');
}

function renderRemoved(image: RemovedImage, colors: Colors): string {
  const { newName, oldBytes } = image;
  const elsewhere = newName === undefined ? '' : `; NEW has it as ${printable(newName)}`;
  return `${colors.red('removed')} ${renderImage(image)}, ${formatBytes(oldBytes)} in OLD only${elsewhere}\n`;
}

function renderAdded(image: AddedImage, colors: Colors): string {
  const { oldName, newBytes } = image;
  const elsewhere = oldName === undefined ? '' : `; OLD has it as ${printable(oldName)}`;
  return `${colors.green('added')} ${renderImage(image)}, ${formatBytes(newBytes)} new${elsewhere}\n`;
}

function renderImage(image: AddedImage | RemovedImage): string {
  const { name, digest, bytes } = image;
  return `${printable(name)}\n  ${printable(digest)}  ${renderPlatforms(image)}  ${formatBytes(bytes)}`;
}

function renderChanged(image: ChangedImage, colors: Colors): string {
  const { name, oldDigest, newDigest, bytes, newBytes, oldBytes } = image;
  return [
    `${colors.yellow('changed')} ${printable(name)}`,
    `  ${renderStep(oldDigest, newDigest)}`,
    ...(hasPlatformDigests(image) ? image.platforms.map(renderPlatform) : []),
    ...image.removedLayers.map(layer => renderLayer(colors.red('-'), layer, 'NEW')),
    ...image.addedLayers.map(layer => renderLayer(colors.green('+'), layer, 'OLD')),
    `  ${formatBytes(bytes)}, ${formatBytes(newBytes)} new; ${formatBytes(oldBytes)} in OLD only`,
    '',
  ].join('\n');
}

/** Whether platforms have other digests than the image itself. An image for one platform has not. */
function hasPlatformDigests({ platforms, oldDigest, newDigest }: ChangedImage): boolean {
  return platforms.some(change => change.oldDigest !== oldDigest || change.newDigest !== newDigest);
}

function renderPlatform({ platform, oldDigest, newDigest }: PlatformChange): string {
  const name = printable(platform);
  if (oldDigest === undefined) return `    ${name} added: ${printable(newDigest ?? '')}`;
  if (newDigest === undefined) return `    ${name} removed: ${printable(oldDigest)}`;
  return `    ${name}: ${renderStep(oldDigest, newDigest)}`;
}

function renderStep(oldDigest: string, newDigest: string): string {
  return `${printable(oldDigest)} -> ${printable(newDigest)}`;
}

function renderLayer(sign: string, { digest, size, shared }: ChangedLayer, other: string): string {
  const elsewhere = shared ? `  also in ${other}` : '';
  return `  ${sign} ${printable(digest)}  ${formatBytes(size).padStart(8)}${elsewhere}`;
}

function renderTotals(result: DiffResult): string {
  const { changed, unchanged, onlyOld, onlyNew, shared } = result;
  const { added, removed, bumps } = pairVersions(result);
  const names = [
    `${added.length} added`,
    `${removed.length} removed`,
    ...(bumps.length > 0 ? [count(bumps.length, 'new version')] : []),
    `${changed.length} changed`,
    `${unchanged} unchanged`,
  ];
  const bytes = `${renderAmount(onlyNew)} in NEW only; ${renderAmount(onlyOld)} in OLD only; ${renderAmount(shared)} in both`;
  return `${printable(result.old.path)} -> ${printable(result.new.path)}: ${names.join(', ')}\n${bytes}\n`;
}

function renderAmount({ blobs, bytes }: BlobAmount): string {
  return `${count(blobs, 'blob')}, ${formatBytes(bytes)}`;
}
