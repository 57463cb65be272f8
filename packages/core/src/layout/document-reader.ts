import { z } from 'zod';
import { AirgapError } from '../model/errors.ts';
import { type Descriptor, descriptorSchema } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { MAX_MANIFEST_SIZE, type RawManifest, rawManifest } from '../oci/manifest.ts';
import { MediaType } from '../oci/media-type.ts';
import { verifyBytes } from '../store/verifier.ts';
import { blobPath } from './documents.ts';
import { NAME_ANNOTATIONS } from './names.ts';

/** The maximum size of a document of a layout, in bytes: enough for 100,000 names. */
const MAX_DOCUMENT_SIZE = 64 * 1024 * 1024;

const indexSchema = z.looseObject({
  schemaVersion: z.literal(2),
  mediaType: z.literal(MediaType.ociIndex).optional(),
  manifests: z.array(descriptorSchema),
});

/** A descriptor of `index.json`, with its name if it has one. */
export interface NamedDescriptor {
  readonly name: string | undefined;
  readonly descriptor: Descriptor;
}

/** A file of an OCI layout, in a directory or a tar. */
export interface LayoutEntry {
  /** The path in the layout, separated by `/`. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
}

/** How errors name a layout, and their hint. */
interface Wording {
  readonly noun: string;
  readonly hint: string;
}

/** Reads the documents of an OCI layout: names, manifests and other small blobs. */
export abstract class DocumentReader<Entry extends LayoutEntry> implements AsyncDisposable {
  readonly path: string;
  readonly #wording: Wording;

  protected constructor(path: string, wording: Wording) {
    this.path = path;
    this.#wording = wording;
  }

  abstract [Symbol.asyncDispose](): Promise<void>;

  /** All entries by name. @throws AirgapError `INPUT`, `BUNDLE` */
  abstract entries(): Promise<Map<string, Entry>>;

  /** The content of an entry. @throws AirgapError `INPUT`, `BUNDLE` */
  protected abstract content(entry: Entry): Promise<Buffer>;

  /** The descriptors in `index.json`. @throws AirgapError `BUNDLE` */
  async names(entries: ReadonlyMap<string, Entry>): Promise<NamedDescriptor[]> {
    const document = await this.document(entries, 'index.json');
    const result = indexSchema.safeParse(document);
    if (!result.success) {
      const [issue] = result.error.issues;
      throw this.invalid(
        `index.json breaks the image specification: ${issue?.path.join('.')}: ${issue?.message}`,
      );
    }
    return result.data.manifests.map(descriptor => ({ descriptor, name: nameOf(descriptor) }));
  }

  /** Parses one of the JSON documents of the layout. @throws AirgapError `BUNDLE` */
  async document(entries: ReadonlyMap<string, Entry>, name: string): Promise<unknown> {
    const entry = entries.get(name);
    if (!entry) throw this.invalid(`${name} is missing`);
    if (entry.size > MAX_DOCUMENT_SIZE)
      throw this.invalid(`${name} has ${entry.size} bytes, the limit is ${MAX_DOCUMENT_SIZE}`);
    try {
      const document = JSON.parse((await this.content(entry)).toString('utf8'));
      // Throws for a document that is nested too deep to be serialized again.
      JSON.stringify(document);
      return document;
    } catch (cause) {
      throw cause instanceof AirgapError ? cause : this.invalid(`${name} is not valid JSON`);
    }
  }

  /** Reads and verifies a manifest. @throws AirgapError `BUNDLE` when it is missing or too large, `CONTENT` */
  async manifest(entries: ReadonlyMap<string, Entry>, descriptor: Descriptor): Promise<RawManifest> {
    const bytes = await this.blob(entries, descriptor);
    return rawManifest(bytes, descriptor.mediaType);
  }

  /** Reads and verifies a small blob. @throws AirgapError `BUNDLE` when it is missing or too large, `CONTENT` */
  async blob(entries: ReadonlyMap<string, Entry>, descriptor: Descriptor): Promise<Buffer> {
    const entry = entries.get(blobPath(descriptor));
    if (!entry) throw this.invalid('a blob is missing', descriptor.digest);
    if (entry.size > MAX_MANIFEST_SIZE)
      throw this.invalid(
        `a manifest has ${entry.size} bytes, the limit is ${MAX_MANIFEST_SIZE}`,
        descriptor.digest,
      );
    const bytes = await this.content(entry);
    verifyBytes(bytes, descriptor, { path: this.path });
    return bytes;
  }

  protected invalid(reason: string, digest?: Digest): AirgapError {
    return new AirgapError('BUNDLE', `invalid or incomplete ${this.#wording.noun}: ${reason}`, {
      where: { path: this.path, ...(digest ? { digest } : {}) },
      hint: this.#wording.hint,
    });
  }
}

function nameOf({ annotations = {} }: Descriptor): string | undefined {
  for (const key of NAME_ANNOTATIONS) if (annotations[key]) return annotations[key];
  return undefined;
}
