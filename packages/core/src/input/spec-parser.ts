import type { Node } from 'yaml';
import { AirgapError } from '../model/errors.ts';
import { Reference } from '../reference/reference.ts';
import { composeImages, isCompose } from './formats/compose.ts';
import { type HelmChart, helmChartOf } from './formats/helm-chart.ts';
import { isList, listImages, notAList } from './formats/image-list.ts';
import type { ImagePath } from './formats/image-path.ts';
import { additionalImages, excludedImages } from './formats/kots.ts';
import { workloadImages } from './formats/kubernetes.ts';
import { type ImageInObject, type KubernetesObject, objectsOf } from './formats/kubernetes-object.ts';
import { declaresReplicated, isReplicated, replicatedImages } from './formats/replicated.ts';
import { troubleshootImages } from './formats/troubleshoot.ts';
import {
  type Owner,
  placeOf,
  type ScanOptions,
  skipsOf,
  skipsOfCompose,
  skipsOfReplicated,
  unreadImages,
} from './formats/unread-images.ts';
import { ImagePatterns } from './model/image-patterns.ts';
import type { SourceText } from './model/source-text.ts';
import type { ListedImage, Spec, UnreadImage, UsedImage } from './model/spec.ts';
import type { Text } from './model/text.ts';
import { SpecDocument } from './yaml/document.ts';

/** Finds every image in the sources, in any supported format. */
export function parseSpec(sources: readonly SourceText[], paths: readonly ImagePath[] = []): Spec {
  const parser = new SpecParser(paths);
  for (const source of sources) parser.read(source);
  return parser.spec();
}

/** Collects the images of sources, document by document. An unreadable document becomes an error. */
export class SpecParser {
  /** The charts that KOTS deploys. */
  readonly helmCharts: HelmChart[] = [];
  readonly #paths: readonly ImagePath[];
  readonly #sources: SourceText[] = [];
  readonly #listed: ListedImage[] = [];
  readonly #used: UsedImage[] = [];
  readonly #unread: UnreadImage[] = [];
  readonly #excluded: Text[] = [];
  readonly #parseErrors: AirgapError[] = [];
  #isReplicated = false;
  #objects = 0;

  constructor(paths: readonly ImagePath[]) {
    this.#paths = paths;
  }

  read(source: SourceText): void {
    this.#sources.push(source);
    if (isList(source)) {
      for (const image of listImages(source)) this.#listed.push(image);
      return;
    }
    let count = 0;
    let words = 0;
    for (const document of SpecDocument.parse(source)) {
      count += 1;
      if (document instanceof AirgapError) this.#parseErrors.push(document);
      else if (document.text(document.root)) words += 1;
      else this.#attempt(() => this.#document(document, source));
    }
    if (count === 1 && words === 1) this.#parseErrors.push(notAList(source));
  }

  /** Returns everything found so far, without the used images that an application excludes. */
  spec(): Spec {
    const excluded = new Set(this.#excluded.map(({ value }) => canonical(value)));
    const isSelected = ({ image }: UsedImage | UnreadImage) =>
      excluded.size === 0 || !excluded.has(canonical(image.value));
    return {
      sources: this.#sources,
      listed: this.#listed,
      isReplicated: this.#isReplicated || this.#listed.some(({ form }) => form === 'images'),
      used: this.#used.filter(isSelected),
      unread: this.#unread.filter(isSelected),
      excluded: new ImagePatterns(),
      parseErrors: this.#parseErrors,
      renderErrors: [],
    };
  }

  #document(document: SpecDocument, source: SourceText): void {
    const firstUsed = this.#used.length;
    if (isReplicated(document)) {
      this.#isReplicated ||= declaresReplicated(document);
      for (const read of replicatedImages(document)) this.#attempt(() => this.#listed.push(read()));
      this.#scan(document, source, firstUsed, { kind: 'Replicated document', skips: skipsOfReplicated });
    } else if (isCompose(document)) {
      for (const images of composeImages(document)) this.#use(images);
      this.#scan(document, source, firstUsed, { kind: 'Compose file', skips: skipsOfCompose });
    } else this.#objectsOf(document, source, firstUsed);
  }

  #objectsOf(document: SpecDocument, source: SourceText, firstUsed: number): void {
    let hasObjects = false;
    for (const object of objectsOf(document)) {
      hasObjects = true;
      this.#attempt(() => this.#object(document, object, source));
    }
    if (!hasObjects) this.#scan(document, source, firstUsed, { kind: 'YAML document', onlyNamed: true });
  }

  #object(document: SpecDocument, object: KubernetesObject, source: SourceText): void {
    const { apiVersion, kind, name, namespace, node } = object;
    const images = [
      workloadImages(document, object),
      troubleshootImages(document, object),
      additionalImages(document, object),
    ].flat();
    const atPaths = this.#paths.flatMap(path => path.images(document, object));
    const firstUsed = this.#used.length;
    const owner = { apiVersion, kind, name, namespace };
    this.#use([...images, ...elsewhere(atPaths, images)].map(image => ({ ...image, ...owner })));
    const excluded = excludedImages(document, object);
    for (const image of excluded) this.#excluded.push(image);
    const chart = helmChartOf(document, object);
    if (chart) this.helmCharts.push(chart);
    this.#scan(document, source, firstUsed, { ...owner, node, skips: skipsOf(kind) });
  }

  /** Finds the strings of a document or object that look like images but were not read as such. */
  #scan(document: SpecDocument, source: SourceText, firstUsed: number, scanned: Scanned): void {
    const { node = document.root, skips = () => false, onlyNamed = false, kind } = scanned;
    const { apiVersion, name, namespace } = scanned;
    if (node === null) return;
    const read = new Set(this.#used.slice(firstUsed).map(({ image }) => placeOf(image)));
    const owner: Owner = { apiVersion, kind, name, namespace };
    const objectIndex = this.#objects;
    for (const image of unreadImages(document, node, { source, owner, read, skips, onlyNamed }))
      this.#unread.push({ ...image, objectIndex });
  }

  /** Adds the images of one object or service. */
  #use(images: readonly Omit<UsedImage, 'objectIndex'>[]): void {
    for (const image of images) this.#used.push({ ...image, objectIndex: this.#objects });
    this.#objects += 1;
  }

  #attempt(read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof AirgapError)) throw error;
      // A document with too many alias expansions throws the same error on every access.
      if (this.#parseErrors.at(-1) !== error) this.#parseErrors.push(error);
    }
  }
}

/** What is scanned, and what is known of it. */
interface Scanned extends Partial<Owner> {
  readonly kind: string;
  /** Default: the document. */
  readonly node?: Node | undefined;
  readonly skips?: ScanOptions['skips'] | undefined;
  readonly onlyNamed?: boolean | undefined;
}

/** Returns the images at configured paths that are not read already. */
function elsewhere(atPaths: readonly ImageInObject[], images: readonly ImageInObject[]): ImageInObject[] {
  const read = new Set(images.map(({ image }) => placeOf(image)));
  return atPaths.filter(({ image }) => {
    const place = placeOf(image);
    const isNew = !read.has(place);
    read.add(place);
    return isNew;
  });
}

/** Normalises an image name; returns invalid names unchanged. */
function canonical(image: string): string {
  try {
    return Reference.parse(image).canonical().toString();
  } catch {
    return image;
  }
}
