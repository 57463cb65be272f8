import { SWARM_SERVICE, type UsedImage } from '../model/spec.ts';
import type { Text } from '../model/text.ts';
import type { SpecDocument } from '../yaml/document.ts';

const SWARM = 'scheduler-swarm';
/** Top-level keys that a compose file does not have. */
const FOREIGN = ['apiVersion', 'kind', 'replicated_api_version'];

/** Returns whether a document is a compose file or Replicated's Swarm document, which has the same format. */
export function isCompose(document: SpecDocument): boolean {
  if (document.isMarked(SWARM)) return true;
  const { root } = document;
  if (FOREIGN.some(key => document.get(root, key) !== undefined)) return false;
  return services(document).some(
    ([, service]) =>
      document.text(document.get(service, 'image')) !== undefined ||
      document.get(service, 'build') !== undefined,
  );
}

/** Returns `services.*.image` of a compose document, grouped by service; a service with only `build:` has no image. */
export function composeImages(document: SpecDocument): Omit<UsedImage, 'objectIndex'>[][] {
  const kind = document.isMarked(SWARM) ? SWARM_SERVICE : 'Service (compose)';
  return services(document).map(([name, service]) =>
    document.fields(service, 'image').map(image => ({
      image: interpolated(image),
      pullPolicies: [],
      field: 'services',
      container: undefined,
      apiVersion: undefined,
      kind,
      name,
      namespace: undefined,
    })),
  );
}

function services(document: SpecDocument) {
  return document.entries(document.root, 'services');
}

/** Marks `${TAG}` and `$TAG` as templates: compose replaces them from its environment. */
function interpolated(image: Text): Text {
  return /(?:^|[^$])(?:\$\$)*\$[{a-z_]/i.test(image.value) ? { ...image, templated: true } : image;
}
