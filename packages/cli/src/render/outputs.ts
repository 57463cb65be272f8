import type { OutputKind, WrittenOutputs } from '@airgap/core';
import { count } from './count.ts';
import { renderPosition } from './position.ts';
import { printable } from './printable.ts';

const TITLES: Readonly<Record<Exclude<OutputKind, 'spec'>, string>> = {
  mapping: 'the mapping',
  kustomize: 'the list for kustomize',
  'hosts-toml': 'for containerd',
  'pull-secret': 'the pull secret',
};

/**
 * Says which files were written, and which places of the specs were left as they are.
 *
 * @param rewrite the folder of the rewritten specs, when there are any
 */
export function renderOutputs({ files, replaced, skipped }: WrittenOutputs, rewrite?: string): string {
  const specs = files.filter(({ kind }) => kind === 'spec');
  const written = files.flatMap(({ kind, path }) =>
    kind === 'spec' ? [] : [`wrote ${printable(path)}: ${TITLES[kind]}\n`],
  );
  const kept = skipped.map(
    ({ message, position }) => `${renderPosition(position)}: left as it is: ${printable(message)}\n`,
  );
  const places = `${count(replaced, 'image')} replaced, ${skipped.length} left as they are`;
  const sum =
    rewrite === undefined ? '' : `wrote ${printable(rewrite)}: ${count(specs.length, 'file')}, ${places}\n`;
  return `${written.join('')}${kept.join('')}${sum}`;
}
