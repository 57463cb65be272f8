import { SpecDocument } from './document.ts';
import type { ListedImage, Spec, UsedImage } from './image.ts';
import { kubernetesImages } from './kubernetes.ts';
import { isList, listImages, notAList } from './list.ts';
import { isReplicated, replicatedImages } from './replicated.ts';
import type { SourceText } from './source.ts';
import { isSwarm, swarmImages } from './swarm.ts';

/** Finds every image that the sources name, in any of the forms they come in. @throws AirgapError `INPUT` */
export function parseSpec(sources: readonly SourceText[]): Spec {
  const listed: ListedImage[] = [];
  const used: UsedImage[] = [];
  for (const source of sources) {
    if (isList(source)) {
      listed.push(...listImages(source));
      continue;
    }
    const documents = SpecDocument.parse(source);
    if (documents.length === 1 && documents[0]?.text(documents[0].root)) throw notAList(source);
    for (const document of documents) {
      if (isReplicated(document)) listed.push(...replicatedImages(document));
      else used.push(...(isSwarm(document) ? swarmImages(document) : kubernetesImages(document)));
    }
  }
  return { sources, listed, used };
}
