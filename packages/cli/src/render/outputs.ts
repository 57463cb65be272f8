import type { OutputKind, WrittenOutputs } from '@airgap/core';
import { count } from './count.ts';
import { renderPosition } from './position.ts';
import { printable } from './printable.ts';

const TITLES: Readonly<Record<Exclude<OutputKind, 'spec'>, string>> = {
  mapping: 'image mapping',
  kustomize: 'kustomize images',
  'hosts-toml': 'containerd mirror',
  'pull-secret': 'pull secret',
};

/**
 * Lists the files that were written, and the image names in the inputs that were skipped.
 *
 * @param rewrite the folder of the rewritten files, if any
 */
export function renderOutputs({ files, replaced, skipped }: WrittenOutputs, rewrite?: string): string {
  const specs = files.filter(({ kind }) => kind === 'spec');
  const written = files.flatMap(({ kind, path }) =>
    kind === 'spec' ? [] : [`wrote ${printable(path)}: ${TITLES[kind]}\n`],
  );
  const notes = skipped.map(
    ({ message, position }) => `${renderPosition(position)}: skipped: ${printable(message)}\n`,
  );
  const places = `${count(replaced, 'image')} replaced, ${skipped.length} skipped`;
  const total =
    rewrite === undefined ? '' : `wrote ${printable(rewrite)}: ${count(specs.length, 'file')}, ${places}\n`;
  return `${written.join('')}${notes.join('')}${total}`;
}
