import { isMap, isScalar } from 'yaml';
import type { SpecDocument } from './document.ts';
import type { UsedImage } from './image.ts';

/** Says whether a document is Replicated's Swarm one. */
export function isSwarm(document: SpecDocument): boolean {
  return /^\s*kind:\s*scheduler-swarm\s*$/m.test(document.comment);
}

/** `services.*.image` of a compose document. */
export function swarmImages(document: SpecDocument): UsedImage[] {
  const services = document.get(document.root, 'services');
  if (!isMap(services)) return [];
  return services.items.flatMap(({ key, value }) => {
    const image = document.text(document.get(value as never, 'image'));
    const workload = isScalar(key) ? String(key.value) : undefined;
    return image
      ? [
          {
            image,
            pullPolicy: undefined,
            list: 'services',
            container: undefined,
            kind: 'Service (Swarm)',
            workload,
          },
        ]
      : [];
  });
}
