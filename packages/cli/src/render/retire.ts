import type { RestoreResult, RetiredImage, RetireResult } from '@airgap/core';
import { shortDigest } from './digest.ts';
import { printable } from './printable.ts';
import { quoted } from './shell/quoted.ts';

const PLAIN_WORD = /^[\w@%+=:,./-]+$/;

/** Renders retired tags, each with the command that restores it. @param flags those that reach the registry */
export function renderRetired({ images, digest }: RetireResult, flags: readonly string[]): string {
  return images.map(image => renderImage(image, digest, flags)).join('');
}

function renderImage(
  { name, replaced, saved }: RetiredImage,
  digest: string,
  flags: readonly string[],
): string {
  if (saved === undefined) return `${printable(name)}: retired already\n`;
  const command = ['airgap', 'retire', '--restore', saved, ...flags, name].map(word).join(' ');
  const change = `${shortDigest(replaced)} replaced by the empty image ${shortDigest(digest)}`;
  return `${printable(name)}: ${change}\n  saved as ${printable(saved)}; to restore it:\n  ${printable(command)}\n`;
}

/** Renders a restored tag. */
export function renderRestored({ name, digest }: RestoreResult): string {
  return `${printable(name)}: restored, ${shortDigest(digest)}\n`;
}

/** Quotes a word only where a shell would read it in another way. */
function word(text: string): string {
  return PLAIN_WORD.test(text) ? text : quoted(text);
}
