import {
  type FoundImage,
  imagesEntryFor,
  isReplicatedHost,
  Reference,
  type RegistrySettings,
  type UnreadReference,
} from '@airgap/core';
import { renderMentions, renderUnread } from './images.ts';
import { printable } from './printable.ts';

/** Renders an `images:` section, ready to paste. Tags are quoted, so that 3.10 stays 3.10; positions and unread images become comments. */
export function renderImagesSection(
  images: readonly FoundImage[],
  locations: RegistrySettings,
  why = false,
  unread: readonly UnreadReference[] = [],
): string {
  const entries = images.map(
    image => (why ? renderMentions(image, '# ') : '') + entry(Reference.parse(image.reference), locations),
  );
  const comments = unread.map(image => `# ${renderUnread(image)}\n`);
  return `images:\n${entries.join('')}${comments.join('')}`;
}

function entry(reference: Reference, locations: RegistrySettings): string {
  const { tag, digest } = reference;
  if (digest !== undefined && tag === undefined)
    return `# ${printable(reference.toString())} has no tag; an images: entry cannot have a digest\n`;
  const imagesEntry = imagesEntryFor(reference, locations);
  const remarks = [
    ...(digest === undefined ? [] : [`pinned to ${digest}; an images: entry cannot have a digest`]),
    ...(isForeign(reference, locations) ? ['from another application'] : []),
  ];
  const lines = [
    `- name: ${scalar(imagesEntry.name)}`,
    `source: ${scalar(imagesEntry.source)}`,
    `tag: ${JSON.stringify(imagesEntry.tag)}`,
    ...remarks.map(remark => `# ${remark}`),
  ];
  return `${lines.join('\n  ')}\n`;
}

function isForeign({ registry, repository }: Reference, settings: RegistrySettings): boolean {
  const { app } = settings;
  return isReplicatedHost(registry, settings) && app !== undefined && !repository.startsWith(`${app}/`);
}

/** Quotes text that YAML would not read as a string. */
function scalar(text: string): string {
  const plain =
    /^[a-z][\w./-]*(?::\d+\/[\w./-]+)?$/i.test(text) &&
    !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text);
  return plain ? text : JSON.stringify(text);
}
