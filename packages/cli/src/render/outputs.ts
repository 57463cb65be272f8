import type { OutputKind, WrittenOutputs } from '@airgap/core';
import { count } from './count.ts';
import { renderPosition } from './position.ts';
import { printable } from './printable.ts';

const TITLES: Readonly<Record<OutputKind, string>> = {
  mapping: 'the mapping',
  kustomize: 'the list for kustomize',
  'hosts-toml': 'for containerd',
  'pull-secret': 'the pull secret',
  spec: 'a spec',
};

/** Says which files were written, and which places of the specs were left as they are. */
export function renderOutputs({ files, replaced, left }: WrittenOutputs): string {
  const written = files.map(({ kind, path }) => `wrote ${printable(path)}: ${TITLES[kind]}\n`);
  const kept = left.map(
    ({ message, position }) => `${renderPosition(position)}: left as it is: ${printable(message)}\n`,
  );
  const specs = files.filter(({ kind }) => kind === 'spec').length;
  const sum = `${count(specs, 'file')} copied, ${count(replaced, 'image')} replaced, ${left.length} left as they are\n`;
  return [...written, ...kept, ...(specs > 0 ? [sum] : [])].join('');
}
