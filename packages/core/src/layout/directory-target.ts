import { createHash, randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { replaceFile } from '../fs/replace-file.ts';
import { AirgapError } from '../model/errors.ts';
import { type Descriptor, descriptorSchema } from '../oci/descriptor.ts';
import { type Digest, isDigest, sha256Digest } from '../oci/digest.ts';
import { descriptorOf, MANIFEST_KEYS, type RawManifest } from '../oci/manifest.ts';
import { MediaType } from '../oci/media-type.ts';
import { AmbiguousJson, parseStrictJson } from '../oci/strict-json.ts';
import type { Reference } from '../reference/reference.ts';
import type { BlobBody, ImageTarget, PushOutcome } from '../store/image-target.ts';
import { Verifier } from '../store/verifier.ts';
import { blobPath, ociLayout } from './documents.ts';
import { NAME_ANNOTATIONS } from './names.ts';

/** The parts of an `index.json` that change; others stay as they are. */
const indexSchema = z.looseObject({ manifests: z.array(descriptorSchema) });
type IndexDocument = z.infer<typeof indexSchema>;

/**
 * An OCI layout directory as a target for the images of one repository. Every file appears complete or not at all; the
 * names go to `index.json`, as a bundle has them.
 */
export class DirectoryTarget implements ImageTarget {
  readonly #path: string;
  readonly #repository: Reference;
  /** Changes of `index.json`, one after another. */
  #indexing: Promise<void> = Promise.resolve();

  private constructor(path: string, repository: Reference) {
    this.#path = path;
    this.#repository = repository;
  }

  /**
   * Opens a directory, or creates it.
   *
   * @param repository a name in the repository whose tags are stored; its tag is ignored
   * @throws AirgapError `DISK`
   */
  static async open(path: string, repository: Reference): Promise<DirectoryTarget> {
    try {
      await mkdir(join(path, 'blobs', 'sha256'), { recursive: true });
      await replaceFile(join(path, 'oci-layout'), ociLayout());
    } catch (cause) {
      throw diskError(path, cause);
    }
    return new DirectoryTarget(path, repository);
  }

  async has(blob: Descriptor): Promise<boolean> {
    const stats = await stat(this.#pathOf(blob)).catch(() => undefined);
    return stats?.isFile() === true && stats.size === blob.size;
  }

  async put(blob: Descriptor, body: BlobBody): Promise<PushOutcome> {
    const path = this.#pathOf(blob);
    const temporary = join(dirname(path), `.${randomBytes(8).toString('hex')}`);
    try {
      await writeVerified(temporary, blob, body);
      await rename(temporary, path);
    } catch (cause) {
      await rm(temporary, { force: true });
      throw cause instanceof AirgapError ? cause : diskError(path, cause);
    }
    return 'uploaded';
  }

  async digestOf(reference: string): Promise<Digest | undefined> {
    const name = isDigest(reference)
      ? this.#repository.withDigest(reference)
      : this.#repository.withTag(reference);
    const { manifests } = await this.#readIndex();
    const named = manifests.find(({ annotations }) => annotations?.[NAME_ANNOTATIONS[0]] === name.toString());
    if (named || !isDigest(reference)) return named?.digest;
    const stats = await stat(this.#pathOf({ digest: reference })).catch(() => undefined);
    return stats?.isFile() ? reference : undefined;
  }

  async putManifest(manifest: RawManifest, tag?: string): Promise<void> {
    await this.put(descriptorOf(manifest), () => oneChunk(manifest.bytes));
    if (tag === undefined) return;
    const name = this.#repository.withTag(tag).toString();
    const indexing = this.#indexing.then(() => this.#addName(name, descriptorOf(manifest)));
    this.#indexing = indexing.catch(() => {});
    await indexing;
  }

  async #addName(name: string, descriptor: Descriptor): Promise<void> {
    const index = await this.#readIndex();
    const others = index.manifests.filter(({ annotations }) => annotations?.[NAME_ANNOTATIONS[0]] !== name);
    const annotations = Object.fromEntries(NAME_ANNOTATIONS.map(key => [key, name]));
    const document: IndexDocument = { ...index, manifests: [...others, { ...descriptor, annotations }] };
    await replaceFile(join(this.#path, 'index.json'), JSON.stringify(document)).catch(cause => {
      throw diskError(this.#path, cause);
    });
  }

  async #readIndex(): Promise<IndexDocument> {
    const bytes = await readFile(join(this.#path, 'index.json')).catch(() => undefined);
    if (bytes === undefined) return { schemaVersion: 2, mediaType: MediaType.ociIndex, manifests: [] };
    const { data } = indexSchema.safeParse(unambiguous(bytes));
    if (data) return data;
    throw new AirgapError('BUNDLE', 'invalid or incomplete OCI layout: index.json is not an image index', {
      where: { path: this.#path },
      hint: 'Choose an empty directory, or repair the layout.',
    });
  }

  #pathOf(blob: Pick<Descriptor, 'digest'>): string {
    return join(this.#path, blobPath(blob));
  }
}

async function writeVerified(path: string, blob: Descriptor, body: BlobBody): Promise<void> {
  const file = await open(path, 'wx+', 0o644);
  try {
    const verifier = new Verifier(blob, { path });
    for await (const chunk of body(0, blob.size)) {
      verifier.count(chunk.length);
      await file.writeFile(chunk);
    }
    await file.sync();
    verifier.end(await digestOfFile(file));
  } finally {
    await file.close();
  }
}

/** The document; undefined for what is not JSON, or what programs read differently. */
function unambiguous(bytes: Uint8Array): unknown {
  try {
    return parseStrictJson(bytes, MANIFEST_KEYS);
  } catch (error) {
    if (error instanceof AmbiguousJson) return undefined;
    throw error;
  }
}

/** What the file has counts, not what was sent to it. */
async function digestOfFile(file: FileHandle): Promise<Digest> {
  const hash = createHash('sha256');
  const stream = file.createReadStream({ start: 0, autoClose: false });
  for await (const chunk of stream) hash.update(chunk);
  return sha256Digest(hash.digest());
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function diskError(path: string, cause: unknown): AirgapError {
  return new AirgapError('DISK', `cannot write the OCI layout: ${(cause as Error).message}`, {
    where: { path },
    cause,
    hint: 'Check the permissions and the free space, or choose another directory.',
  });
}
