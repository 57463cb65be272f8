import { type FoundImage, type Locations, REPLICATED_HOST, Reference } from '@airgap/core';
import { renderMentions } from './images.ts';

/** Writes an `images:` section, ready to paste; tags are quoted, so that 3.10 stays 3.10. Places become comments. */
export function renderImagesSection(
  images: readonly FoundImage[],
  locations: Locations,
  why = false,
): string {
  const entries = images.map(
    image => (why ? renderMentions(image, '# ') : '') + entry(Reference.parse(image.reference), locations),
  );
  return `images:\n${entries.join('')}`;
}

function entry(reference: Reference, { app, registries = {} }: Locations): string {
  const { registry, repository } = reference;
  const tag = reference.effectiveTag ?? 'latest';
  const pinned =
    reference.digest === undefined ? '' : `  # pinned by ${reference.digest}, which images: cannot say\n`;
  const own = app !== undefined && registry === REPLICATED_HOST && repository.startsWith(`${app}/`);
  const named = Object.entries(registries).find(
    ([, endpoint]) =>
      Reference.parse(`${endpoint.replace(/^https?:\/\//, '').split('/')[0]}/x`).registry === registry,
  );
  const source = own ? 'replicated' : (named?.[0] ?? 'public');
  const name = own ? repository.slice(app.length + 1) : named ? repository : publicName(reference);
  return `- name: ${scalar(name)}\n  source: ${scalar(source)}\n  tag: ${JSON.stringify(tag)}\n${pinned}`;
}

function publicName({ registry, repository }: Reference): string {
  return registry === 'docker.io' ? repository.replace(/^library\//, '') : `${registry}/${repository}`;
}

/** Quotes what YAML would not read as a text. */
function scalar(text: string): string {
  const plain =
    /^[a-z][\w./-]*(?::\d+\/[\w./-]+)?$/i.test(text) &&
    !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text);
  return plain ? text : JSON.stringify(text);
}
