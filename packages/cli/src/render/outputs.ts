import type { OutputKind, WrittenOutputs } from '@airgap/core';
import { count } from './count.ts';
import { renderPosition } from './position.ts';
import { printable } from './printable.ts';

const TITLES: Readonly<Record<Exclude<OutputKind, 'spec'>, string>> = {
  mapping: 'image mapping',
  kustomize: 'kustomize images',
  'hosts-toml': 'containerd mirror',
  'pull-secret': 'pull secret',
  'helm-values': 'Helm values',
  'registries-yaml': 'mirrors of k3s and rke2',
};

/**
 * Lists the files that were written, and the image names in the inputs that were skipped.
 *
 * @param rewrite the folder of the rewritten files, if any
 */
export function renderOutputs(
  { files, replaced, skipped, chartImages }: WrittenOutputs,
  rewrite?: string,
): string {
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
  const chart =
    chartImages === undefined
      ? ''
      : `${count(chartImages, 'image')} of the chart ${chartImages === 1 ? 'points' : 'point'} at the registry\n`;
  return `${written.join('')}${notes.join('')}${chart}${total}`;
}
