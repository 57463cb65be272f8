import type { Node } from 'yaml';
import { AirgapError } from '../model/errors.ts';
import { ImagePatterns } from '../reference/image-patterns.ts';
import { Reference } from '../reference/reference.ts';
import { composeServices, isCompose } from './formats/compose.ts';
import { type ComposeFile, ComposeProjects, type FileService } from './formats/compose-project.ts';
import { type HelmChart, helmChartOf } from './formats/helm-chart.ts';
import { isList, isMostlyList, listImages, notAList } from './formats/image-list.ts';
import type { ImagePath } from './formats/image-path.ts';
import { additionalImages, configOptions, evaluatedImage, excludedImages } from './formats/kots.ts';
import { workloadImages } from './formats/kubernetes.ts';
import { type ImageInObject, type KubernetesObject, objectsOf } from './formats/kubernetes-object.ts';
import { declaresReplicated, isReplicated, replicatedImages } from './formats/replicated.ts';
import { TemplateLines } from './formats/template-lines.ts';
import { troubleshootImages } from './formats/troubleshoot.ts';
import {
  describesApi,
  type Owner,
  placeOf,
  type ScanOptions,
  skipsOf,
  skipsOfCompose,
  skipsOfReplicated,
  unreadImages,
} from './formats/unread-images.ts';
import type { SourceText } from './model/source-text.ts';
import type { InputNote, ListedImage, Spec, UnreadImage, UsedImage } from './model/spec.ts';
import type { Text } from './model/text.ts';
import { SpecDocument } from './yaml/document.ts';

/** Finds every image in the sources, in any supported format. */
export function parseSpec(
  sources: readonly SourceText[],
  paths: readonly ImagePath[] = [],
  composeFiles: ReadonlyMap<string, ComposeFile> = new Map(),
): Spec {
  const parser = new SpecParser(paths, composeFiles);
  for (const source of sources) parser.read(source);
  return parser.spec();
}

/** Collects the images of sources, document by document. An unreadable document becomes an error. */
export class SpecParser {
  /** The charts that KOTS deploys. */
  readonly helmCharts: HelmChart[] = [];
  readonly #paths: readonly ImagePath[];
  readonly #composeFiles: ReadonlyMap<string, ComposeFile>;
  readonly #services: FileService[] = [];
  readonly #sources: SourceText[] = [];
  readonly #listed: ListedImage[] = [];
  readonly #used: UsedImage[] = [];
  readonly #unread: UnreadImage[] = [];
  readonly #excluded: Text[] = [];
  readonly #parseErrors: AirgapError[] = [];
  readonly #notes: InputNote[] = [];
  /** The defaults of the KOTS options, by name. */
  readonly #options = new Map<string, string>();
  /** The template of the source that is being read. */
  #template: TemplateLines | undefined;
  #isReplicated = false;
  #objects = 0;

  /** @param composeFiles what is known about compose files, by file name */
  constructor(paths: readonly ImagePath[], composeFiles: ReadonlyMap<string, ComposeFile>) {
    this.#paths = paths;
    this.#composeFiles = composeFiles;
  }

  read(source: SourceText): void {
    this.#sources.push(source);
    if (isList(source)) {
      for (const image of listImages(source)) this.#listed.push(image);
      return;
    }
    if (source.raw) {
      this.#readTemplate(source);
      return;
    }
    this.#template =
      source.template === undefined ? undefined : new TemplateLines(source.file, source.template);
    let count = 0;
    let words = 0;
    let isBroken = false;
    const known = this.#parseErrors.length;
    for (const document of SpecDocument.parse(source)) {
      count += 1;
      if (document instanceof AirgapError) {
        this.#parseErrors.push(document);
        isBroken = true;
      } else if (document.value(document.root) !== undefined) words += 1;
      else this.#attempt(() => this.#document(document, source));
    }
    const isBrokenList = isBroken ? isMostlyList(source) : count === 1 && words === 1;
    if (isBrokenList) this.#parseErrors.splice(known, Number.POSITIVE_INFINITY, notAList(source));
  }

  /** Reads the literal images of a template that was not rendered; what it cannot parse, line by line. */
  #readTemplate(source: SourceText): void {
    const parser = new SpecParser(this.#paths, this.#composeFiles);
    parser.read({ file: source.file, text: source.text });
    const { used, unread, parseErrors } = parser.spec();
    const literal = used.filter(({ image }) => !image.templated);
    for (const image of unread)
      this.#unread.push({ ...image, objectIndex: this.#objects + image.objectIndex });
    for (const image of literal)
      this.#used.push({ ...image, objectIndex: this.#objects + image.objectIndex });
    this.#objects += parser.#objects;
    if (parseErrors.length === 0) return;
    const lines = new Set(literal.map(({ image }) => image.position.line));
    const others = new TemplateLines(source.file, source.text)
      .literals()
      .filter(({ position }) => !lines.has(position.line));
    for (const image of others) this.#use([templateImage(image)]);
  }

  /** Returns everything found so far, without the used images that an application excludes. */
  spec(): Spec {
    const excluded = new Set(this.#excluded.map(({ value }) => canonical(value)));
    const services = new ComposeProjects(this.#composeFiles, this.#services).images();
    const notes = [...this.#notes, ...services.notes];
    const found = [...this.#used, ...services.used].sort((a, b) => a.objectIndex - b.objectIndex);
    const used = found.map(use => {
      const { image, options } = evaluatedImage(use.image, this.#options);
      if (options.length > 0) notes.push(optionNote(image, options));
      return image === use.image ? use : { ...use, image };
    });
    const isSelected = ({ image }: UsedImage | UnreadImage) =>
      excluded.size === 0 || !excluded.has(canonical(image.value));
    return {
      sources: this.#sources,
      listed: this.#listed,
      isReplicated: this.#isReplicated || this.#listed.some(({ form }) => form === 'images'),
      used: used.filter(isSelected),
      unread: this.#unread.filter(isSelected),
      excluded: new ImagePatterns(),
      parseErrors: this.#parseErrors,
      renderErrors: [],
      notes,
    };
  }

  #document(document: SpecDocument, source: SourceText): void {
    if (isReplicated(document)) {
      this.#isReplicated ||= declaresReplicated(document);
      for (const read of replicatedImages(document)) this.#attempt(() => this.#listed.push(read()));
      this.#scan(document, source, { kind: 'Replicated document', skips: skipsOfReplicated });
    } else if (isCompose(document)) {
      this.#compose(document, source.file);
      this.#scan(document, source, { kind: 'Compose file', skips: skipsOfCompose });
    } else this.#objectsOf(document, source);
  }

  #compose(document: SpecDocument, file: string): void {
    const variables = this.#composeFiles.get(file)?.variables ?? new Map();
    const number = this.#objects;
    for (const service of composeServices(document, variables)) {
      this.#services.push({ ...service, file, document: number, objectIndex: this.#objects });
      this.#objects += 1;
    }
  }

  #objectsOf(document: SpecDocument, source: SourceText): void {
    let hasObjects = false;
    for (const object of objectsOf(document)) {
      hasObjects = true;
      this.#attempt(() => this.#object(document, object, source));
    }
    if (!hasObjects && !describesApi(document)) this.#scan(document, source, { kind: 'YAML document' });
  }

  #object(document: SpecDocument, object: KubernetesObject, source: SourceText): void {
    const { apiVersion, kind, name, namespace, node } = object;
    const known = [
      workloadImages(document, object),
      troubleshootImages(document, object),
      additionalImages(document, object),
    ].flat();
    const atPaths = this.#paths.flatMap(path => path.images(document, object));
    const images = [...known, ...elsewhere(atPaths, known)];
    const owner = { apiVersion, kind, name, namespace };
    this.#use(images.map(image => ({ ...image, ...owner })));
    for (const image of excludedImages(document, object)) this.#excluded.push(image);
    for (const [name, value] of configOptions(document, object)) this.#options.set(name, value);
    const chart = helmChartOf(document, object);
    if (chart) this.helmCharts.push(chart);
    this.#scan(document, source, { ...owner, node, images, skips: skipsOf(object) });
  }

  /** Finds the strings of a document or object that look like images but were not read as such. */
  #scan(document: SpecDocument, source: SourceText, scanned: Scanned): void {
    const { node = document.root, images = [], skips = () => false } = scanned;
    if (node === null) return;
    const { apiVersion, kind, name, namespace } = scanned;
    const owner: Owner = { apiVersion, kind, name, namespace };
    const read = new Set(images.map(({ image }) => placeOf(image)));
    const objectIndex = this.#objects;
    for (const unread of unreadImages(document, node, { source, owner, read, skips }))
      this.#unread.push({ ...unread, image: this.#placed(unread.image), objectIndex });
  }

  /** Adds the images of one object or service. */
  #use(images: readonly Omit<UsedImage, 'objectIndex'>[]): void {
    for (const use of images)
      this.#used.push({ ...use, image: this.#placed(use.image), objectIndex: this.#objects });
    this.#objects += 1;
  }

  /** Gives the image of a rendered template its position in the template. */
  #placed(image: Text): Text {
    const position = this.#template?.positionOf(image.value) ?? image.position;
    return { ...image, position };
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
  /** The images that were read in it. */
  readonly images?: readonly ImageInObject[] | undefined;
  readonly skips?: ScanOptions['skips'] | undefined;
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

function templateImage(image: Text): Omit<UsedImage, 'objectIndex'> {
  return {
    image,
    pullPolicies: [],
    field: 'image',
    container: undefined,
    apiVersion: undefined,
    kind: 'template',
    name: undefined,
    namespace: undefined,
  };
}

function optionNote({ value, position }: Text, options: readonly string[]): InputNote {
  const names = options.map(option => JSON.stringify(option)).join(', ');
  return {
    message: `${value} depends on the KOTS option ${names}: the customer may change it`,
    hint: 'List every image that the option can select.',
    position,
  };
}

/** Normalises an image name; returns invalid names unchanged. */
function canonical(image: string): string {
  try {
    return Reference.parse(image).canonical().toString();
  } catch {
    return image;
  }
}
