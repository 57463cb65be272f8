import type { SpecDocument } from './document.ts';
import type { UsedImage } from './image.ts';

/** Says whether a document is Replicated's Swarm one. */
export function isSwarm(document: SpecDocument): boolean {
  return /^\s*kind:\s*scheduler-swarm\s*$/m.test(document.comment);
}

/** `services.*.image` of a compose document. */
export function swarmImages(document: SpecDocument): UsedImage[] {
  const services = document.entries(document.get(document.root, 'services'));
  return services.flatMap(([workload, service]) =>
    document.fields(service, 'image').map(image => ({
      image,
      pullPolicy: undefined,
      list: 'services',
      container: undefined,
      apiVersion: undefined,
      kind: 'Service (Swarm)',
      workload,
      namespace: undefined,
    })),
  );
}
