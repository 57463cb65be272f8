import type { Archive } from '../kots/archive.ts';
import type { TreeContents, TreeImage } from '../kots/registry-tree-reader.ts';
import { AirgapError } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import { Reference } from '../reference/reference.ts';
import { lastSegment } from '../reference/relocation.ts';
import type { RandomAccess } from '../store/random-access.ts';
import { walkExtendedTar } from '../tar/extended-walk.ts';
import type { PlacedEntry } from '../tar/walk.ts';
import { blobDigest } from './documents.ts';
import type { Layout } from './layout.ts';
import { openDockerArchive } from './open-docker-archive.ts';

/** The folder whose existence KOTS checks; a name with a slash at its end does not count. */
const IMAGES = 'images';
/** The files of the images: `images/docker-archive/quay.io/team/app/1.0`, or `…/app/sha256/HEX`. */
const ROOT = `${IMAGES}/docker-archive/`;
/** The number of names after the root that KOTS requires: of a registry, a repository, and a tag. */
const MIN_SEGMENTS = 3;

/**
 * Reads the images of a `.airgap` of the format `docker-archive`: one file of `docker save` for each of them, whose path
 * is its name. The manifests are made here, as such files have none.
 *
 * @throws AirgapError `DISK`
 */
export async function readDockerArchives(archive: Archive): Promise<TreeContents> {
  return new DockerArchivesReader(archive).read();
}

class DockerArchivesReader {
  readonly #archive: Archive;
  readonly #images: TreeImage[] = [];
  readonly #blobs = new Map<Digest, RandomAccess>();
  readonly #problems: string[] = [];
  readonly #unreadable: string[] = [];
  /** The names of all files. */
  readonly #names = new Set<string>();
  /** The images by what KOTS pushes them to. */
  readonly #targets = new Map<string, Reference>();

  constructor(archive: Archive) {
    this.#archive = archive;
  }

  async read(): Promise<TreeContents> {
    const files = [...this.#archive.entries.values()].filter(({ name }) => name.startsWith(ROOT));
    this.#checkFolder(files);
    for (const file of files) await this.#addFile(file);
    this.#checkSavedImages();
    return {
      images: this.#images,
      blobs: this.#blobs,
      problems: [...this.#problems, ...this.#unreadable],
      unreadable: this.#unreadable,
    };
  }

  /** KOTS looks for the folder first, and takes files that come after a folder only. */
  #checkFolder(files: readonly PlacedEntry[]): void {
    const { skipped, spec } = this.#archive;
    const isExpected = files.length > 0 || (spec.savedImages?.length ?? 0) > 0;
    if (!isExpected) return;
    if (!skipped.some(({ name, type }) => type === '5' && name === IMAGES))
      this.#problems.push(`it has no folder entry named ${IMAGES}: KOTS pushes nothing, and says so nowhere`);
    const firstFolder = skipped[0]?.offset ?? Number.POSITIVE_INFINITY;
    for (const { name, offset } of files)
      if (offset < firstFolder)
        this.#problems.push(`${name} comes before all folder entries: KOTS does not push it`);
  }

  async #addFile(file: PlacedEntry): Promise<void> {
    const segments = file.name.slice(ROOT.length).split('/');
    const name = nameOf(segments);
    if (!name) {
      this.#unreadable.push(`the path is not the name of an image: ${JSON.stringify(file.name)}`);
      return;
    }
    if (segments.length < MIN_SEGMENTS)
      this.#problems.push(`${name}: KOTS requires a registry in the path ${file.name}`);
    this.#names.add(keyOf(name));
    // KOTS converts the image when it pushes it, and there is no manifest with this digest.
    if (name.digest !== undefined) {
      this.#unreadable.push(`${name}: a docker archive has no digest, and KOTS cannot push it under one`);
      return;
    }
    this.#checkTarget(name);
    try {
      await this.#addImage(name, file);
    } catch (error) {
      if (!(error instanceof AirgapError) || error.code === 'DISK') throw error;
      this.#unreadable.push(`${name}: ${error.message}`);
    }
  }

  /** @throws AirgapError `BUNDLE` when the file is not a docker archive */
  async #addImage(name: Reference, file: PlacedEntry): Promise<void> {
    // It is a part of the archive, with which it is closed.
    const tar = this.#archive.open(file);
    const layout = await openDockerArchive(tar);
    const root = await this.#onlyImage(name, layout);
    if (!root) return;
    const { mediaType, digest, size } = root;
    if (await hasEarlyManifest(tar))
      this.#problems.push(
        `${name}: manifest.json comes before the layers: the Admin Console does not find them`,
      );
    for (const { name: path } of layout.entries.values()) {
      const blob = blobDigest(path);
      if (blob && !this.#blobs.has(blob)) this.#blobs.set(blob, await layout.open({ digest: blob }));
    }
    this.#images.push({ name: name.canonical(), root: { mediaType, digest, size } });
  }

  async #onlyImage(name: Reference, layout: Layout): Promise<Descriptor | undefined> {
    const images = new Map((await layout.names()).map(({ descriptor }) => [descriptor.digest, descriptor]));
    const [root] = images.values();
    if (root && images.size === 1) return root;
    this.#unreadable.push(`${name}: expected one image in its file, got ${images.size}`);
    return undefined;
  }

  #checkTarget(name: Reference): void {
    const target = `${lastSegment(name)}:${name.effectiveTag}`;
    const other = this.#targets.get(target);
    this.#targets.set(target, other ?? name);
    if (other && other.toString() !== name.toString())
      this.#problems.push(`${other} and ${name} are both ${target} once KOTS has pushed them`);
  }

  /** KOTS pushes the files; the list says what the vendor meant. */
  #checkSavedImages(): void {
    const { savedImages = [] } = this.#archive.spec;
    for (const text of savedImages) {
      const name = parseName(text);
      if (name === undefined)
        this.#unreadable.push(`savedImages has an invalid name: ${JSON.stringify(text.slice(0, 200))}`);
      else if (!this.#names.has(keyOf(name)))
        this.#unreadable.push(`${name}: its docker archive is missing; KOTS does not report this`);
    }
  }
}

/** KOTS ignores the tag of a name with a digest. */
function keyOf(name: Reference): string {
  const canonical = name.canonical();
  return (canonical.digest ? canonical.withDigest(canonical.digest) : canonical).toString();
}

function nameOf(segments: readonly string[]): Reference | undefined {
  const last = segments.at(-1) ?? '';
  const repository = segments.slice(0, -1);
  if (repository.at(-1) !== 'sha256') return parseName(`${repository.join('/')}:${last}`);
  const digest = `sha256:${last}`;
  return isDigest(digest) ? parseName(`${repository.slice(0, -1).join('/')}@${digest}`) : undefined;
}

function parseName(text: string): Reference | undefined {
  try {
    return Reference.parse(text);
  } catch {
    return undefined;
  }
}

/** Documents of a docker archive that may follow its `manifest.json`. */
const DOCUMENT = /(?:^|\/)(?:[^/]+\.json|json|repositories|oci-layout|VERSION)$/;

/** Whether a layer follows `manifest.json`: the Admin Console reads the archive once, from start to end. */
async function hasEarlyManifest(tar: RandomAccess): Promise<boolean> {
  let hasManifest = false;
  for await (const { name, type } of walkExtendedTar(tar)) {
    if (name === 'manifest.json') hasManifest = true;
    else if (hasManifest && type === '0' && !DOCUMENT.test(name)) return true;
  }
  return false;
}
