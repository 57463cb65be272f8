import { z } from 'zod';
import { AirgapError } from '../model/errors.ts';
import { type Descriptor, descriptorSchema } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { MAX_MANIFEST_SIZE, type RawManifest, rawManifest } from '../oci/manifest.ts';
import { MediaType } from '../oci/media-type.ts';
import { verifyBytes } from '../store/verifier.ts';
import { blobPath } from './documents.ts';
import { NAME_ANNOTATIONS } from './names.ts';

/** The most that is read of a document at the top of a layout: room for 100,000 names. */
const MAX_DOCUMENT_SIZE = 64 * 1024 * 1024;

const indexSchema = z.looseObject({
  schemaVersion: z.literal(2),
  mediaType: z.literal(MediaType.ociIndex).optional(),
  manifests: z.array(descriptorSchema),
});

/** A name in an `index.json`. */
export interface NamedDescriptor {
  readonly name: string | undefined;
  readonly descriptor: Descriptor;
}

/** A file of an OCI layout, wherever that is kept. */
export interface LayoutEntry {
  /** In the layout, with `/` between its parts. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
}

/** What a layout is called where something is wrong with it, and what to do then. */
interface Wording {
  readonly noun: string;
  readonly hint: string;
}

/** Reads the documents of an OCI layout: its names, manifests and other small blobs. */
export abstract class DocumentReader<Entry extends LayoutEntry> implements AsyncDisposable {
  readonly path: string;
  readonly #wording: Wording;

  protected constructor(path: string, wording: Wording) {
    this.path = path;
    this.#wording = wording;
  }

  abstract [Symbol.asyncDispose](): Promise<void>;

  /** Every entry by its name. @throws AirgapError `INPUT`, `BUNDLE` */
  abstract entries(): Promise<Map<string, Entry>>;

  /** All bytes of an entry. @throws AirgapError `INPUT`, `BUNDLE` */
  protected abstract content(entry: Entry): Promise<Buffer>;

  /** The names in `index.json`. @throws AirgapError `BUNDLE` */
  async names(entries: ReadonlyMap<string, Entry>): Promise<NamedDescriptor[]> {
    const document = await this.document(entries, 'index.json');
    const result = indexSchema.safeParse(document);
    if (!result.success) {
      const [issue] = result.error.issues;
      throw this.damaged(
        `index.json breaks the image specification: ${issue?.path.join('.')}: ${issue?.message}`,
      );
    }
    return result.data.manifests.map(descriptor => ({ descriptor, name: nameOf(descriptor) }));
  }

  /** One of the JSON documents at the top. @throws AirgapError `BUNDLE` */
  async document(entries: ReadonlyMap<string, Entry>, name: string): Promise<unknown> {
    const entry = entries.get(name);
    if (!entry)
      throw this.damaged(`there is no ${name}`, 'It is no bundle, or one that was not written whole.');
    if (entry.size > MAX_DOCUMENT_SIZE)
      throw this.damaged(`${name} is larger than ${MAX_DOCUMENT_SIZE} bytes`);
    try {
      const document = JSON.parse((await this.content(entry)).toString('utf8'));
      // What is nested too deep to be written again throws here.
      JSON.stringify(document);
      return document;
    } catch (cause) {
      throw cause instanceof AirgapError ? cause : this.damaged(`${name} is not JSON`);
    }
  }

  /** A manifest's bytes, verified. @throws AirgapError `BUNDLE` when it is missing or too large, `CONTENT` */
  async manifest(entries: ReadonlyMap<string, Entry>, descriptor: Descriptor): Promise<RawManifest> {
    const bytes = await this.blob(entries, descriptor);
    return rawManifest(bytes, descriptor.mediaType);
  }

  /** A small blob's bytes, verified. @throws AirgapError `BUNDLE` when it is missing or too large, `CONTENT` */
  async blob(entries: ReadonlyMap<string, Entry>, descriptor: Descriptor): Promise<Buffer> {
    const entry = entries.get(blobPath(descriptor));
    if (!entry) throw this.damaged('a blob is missing', undefined, descriptor.digest);
    if (entry.size > MAX_MANIFEST_SIZE)
      throw this.damaged('a manifest is too large', undefined, descriptor.digest);
    const bytes = await this.content(entry);
    verifyBytes(bytes, descriptor, { path: this.path });
    return bytes;
  }

  protected damaged(reason: string, hint = this.#wording.hint, digest?: Digest): AirgapError {
    return new AirgapError('BUNDLE', `not a whole ${this.#wording.noun}: ${reason}`, {
      where: { path: this.path, ...(digest ? { digest } : {}) },
      hint,
    });
  }
}

function nameOf({ annotations = {} }: Descriptor): string | undefined {
  for (const key of NAME_ANNOTATIONS) if (annotations[key]) return annotations[key];
  return undefined;
}
