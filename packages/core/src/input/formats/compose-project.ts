import type { InputNote, UsedImage } from '../model/spec.ts';
import type { Text } from '../model/text.ts';
import type { ComposeService } from './compose.ts';
import type { Variables } from './interpolation.ts';

/** Maximum length of a chain of `extends`. */
const MAX_BASES = 50;

/** What the input says about a compose file, beside its text. */
export interface ComposeFile {
  readonly variables: Variables;
  /** Files of one project are merged; undefined for a file of its own. */
  readonly project?: string | undefined;
  /** The file overrides the others of its project. */
  readonly isOverride?: boolean | undefined;
  /** The file counts only where a service of another file extends one of its services. */
  readonly isBase?: boolean | undefined;
  /** `file:` of `extends`, as written → the path of the file. */
  readonly bases: ReadonlyMap<string, string>;
}

/** A service of a file. */
export interface FileService extends ComposeService {
  readonly file: string;
  /** Number of the document in the input: services of one document are in one project. */
  readonly document: number;
  readonly objectIndex: number;
}

/** A service with everything that it inherits. */
interface Merged {
  readonly images: readonly Text[];
  readonly build: ComposeService['build'];
}

const NOTHING: Merged = { images: [], build: undefined };
const NO_SERVICES: readonly FileService[] = [];

/** The services of all compose files, merged and extended as Compose does. */
export class ComposeProjects {
  readonly #files: ReadonlyMap<string, ComposeFile>;
  readonly #projects = new Map<string, Map<string, FileService[]>>();
  /** File → services of that name. */
  readonly #byFile = new Map<string, Map<string, FileService[]>>();
  readonly #results = new Map<readonly FileService[], Merged>();

  constructor(files: ReadonlyMap<string, ComposeFile>, services: readonly FileService[]) {
    this.#files = files;
    const isOverride = ({ file }: FileService) => files.get(file)?.isOverride === true;
    const sorted = [
      ...services.filter(service => !isOverride(service)),
      ...services.filter(service => isOverride(service)),
    ];
    for (const service of sorted) {
      add(this.#byFile, service.file, service);
      if (!files.get(service.file)?.isBase) add(this.#projects, this.#projectOf(service), service);
    }
  }

  /** Returns the images that the services pull, and a note for each service that is built. */
  images(): { used: UsedImage[]; notes: InputNote[] } {
    const used: UsedImage[] = [];
    const notes: InputNote[] = [];
    for (const project of this.#projects.values()) {
      for (const [name, services] of project) {
        const { images, build } = this.#merged(services, 0);
        const [first] = services;
        if (build) notes.push(builtNote(name, images, build));
        else if (first) used.push(...images.map(image => usedImage(first, image)));
      }
    }
    return { used, notes };
  }

  #projectOf({ file, document }: Pick<FileService, 'file' | 'document'>): string {
    return this.#files.get(file)?.project ?? `${document} ${file}`;
  }

  /** Merges services of one name: a later file overrides an earlier one, and each one what it extends. */
  #merged(services: readonly FileService[], depth: number): Merged {
    const known = this.#results.get(services);
    if (known) return known;
    // Services that extend each other inherit nothing.
    this.#results.set(services, NOTHING);
    let merged = NOTHING;
    for (const service of services) {
      const base = depth < MAX_BASES ? this.#merged(this.#basesOf(service), depth + 1) : NOTHING;
      merged = override(override(merged, base), service);
    }
    this.#results.set(services, merged);
    return merged;
  }

  #basesOf({ base, file, document }: FileService): readonly FileService[] {
    if (!base) return NO_SERVICES;
    if (base.file === undefined) {
      const services = this.#files.get(file)?.isBase
        ? this.#byFile.get(file)
        : this.#projects.get(this.#projectOf({ file, document }));
      return services?.get(base.service) ?? NO_SERVICES;
    }
    const path = this.#files.get(file)?.bases.get(base.file);
    return (path === undefined ? undefined : this.#byFile.get(path)?.get(base.service)) ?? NO_SERVICES;
  }
}

function override(before: Merged, { images, build }: Merged): Merged {
  return {
    images: images.length > 0 ? images : before.images,
    build: build ?? before.build,
  };
}

function add(groups: Map<string, Map<string, FileService[]>>, key: string, service: FileService): void {
  const group = groups.get(key) ?? new Map<string, FileService[]>();
  const services = group.get(service.name) ?? [];
  services.push(service);
  group.set(service.name, services);
  groups.set(key, group);
}

function usedImage({ name, kind, objectIndex }: FileService, image: Text): UsedImage {
  return {
    image,
    pullPolicies: [],
    field: 'services',
    container: undefined,
    objectIndex,
    apiVersion: undefined,
    kind,
    name,
    namespace: undefined,
  };
}

function builtNote(name: string, [image]: readonly Text[], build: InputNote['position']): InputNote {
  const subject = image ? `${image.value} of service ${name}` : `the image of service ${name}`;
  return {
    message: `${subject} is built by Compose (build:): it is not fetched`,
    hint: 'List the image if a registry has it.',
    position: image?.position ?? build,
  };
}
