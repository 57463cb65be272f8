import { DOCUMENTS } from '../layout/documents.ts';
import { AirgapError } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import type { ImageManifest, RawManifest } from '../oci/manifest.ts';
import { MediaType } from '../oci/media-type.ts';

/**
 * The type of the referrer that keeps what is in a bundle and not in its `index.json`. Its layers are the other documents,
 * by their titles.
 */
export const RECORD_TYPE = 'application/vnd.airgap.bundle.v1';

const MTIME = 'dev.airgap.bundle.mtime';
const SIZE = 'dev.airgap.bundle.size';
const TITLE = 'org.opencontainers.image.title';
const EMPTY = Buffer.from('{}');
/** As in a layout, in bytes. */
const MAX_DOCUMENT_SIZE = 64 * 1024 * 1024;
/** The most that the header of a tar entry holds, in seconds. */
const MAX_MTIME = 0o77777777777;

/** What a record says of a bundle. */
export interface BundleRecord {
  /** Of every entry, in seconds since 1970. */
  readonly mtime: number;
  /** Of the complete tar, in bytes. */
  readonly size: number;
}

/** A record and its blobs, for a push. */
export interface RecordContent {
  readonly manifest: RawManifest;
  readonly blobs: readonly { readonly digest: Digest; readonly bytes: Buffer }[];
}

/**
 * Writes the record of a bundle. The same bundle gives the same bytes.
 *
 * @param subject its `index.json`
 * @param documents by their names
 */
export function writeRecord(
  { mtime, size }: BundleRecord,
  subject: Descriptor,
  documents: ReadonlyMap<string, Buffer>,
): RecordContent {
  const layers = [...documents].map(([name, bytes]) => ({
    mediaType: 'application/json',
    ...identity(bytes),
    annotations: { [TITLE]: name },
  }));
  const manifest = {
    schemaVersion: 2,
    mediaType: MediaType.ociManifest,
    artifactType: RECORD_TYPE,
    config: { mediaType: 'application/vnd.oci.empty.v1+json', ...identity(EMPTY) },
    layers,
    subject,
    annotations: { [MTIME]: String(mtime), [SIZE]: String(size) },
  };
  const bytes = Buffer.from(JSON.stringify(manifest));
  const blobs = [EMPTY, ...documents.values()].map(blob => ({ digest: digestOf(blob), bytes: blob }));
  return { manifest: { mediaType: MediaType.ociManifest, digest: digestOf(bytes), bytes }, blobs };
}

/** The names of the documents that a record keeps. */
export const RECORDED_DOCUMENTS = DOCUMENTS.filter(name => name !== 'index.json');

/** A record that was read. */
export interface ParsedRecord extends BundleRecord {
  /** The other documents, by name. */
  readonly documents: ReadonlyMap<string, Descriptor>;
}

/** Reads a record. @throws AirgapError `BUNDLE` when it is invalid */
export function parseRecord({ layers, annotations = {} }: ImageManifest): ParsedRecord {
  const documents = new Map<string, Descriptor>();
  for (const name of RECORDED_DOCUMENTS) {
    const layer = layers.find(({ annotations: own = {} }) => own[TITLE] === name);
    if (layer === undefined) throw invalid(`${name} is missing`);
    if (layer.size > MAX_DOCUMENT_SIZE)
      throw invalid(`${name} has ${layer.size} bytes, the limit is ${MAX_DOCUMENT_SIZE}`);
    documents.set(name, layer);
  }
  return {
    mtime: wholeNumber(annotations, MTIME, MAX_MTIME),
    size: wholeNumber(annotations, SIZE, Number.MAX_SAFE_INTEGER),
    documents,
  };
}

function wholeNumber(annotations: Readonly<Record<string, string>>, key: string, limit: number): number {
  const text = annotations[key] ?? '';
  const value = Number(text);
  if (/^\d{1,16}$/.test(text) && value <= limit) return value;
  throw invalid(`${key} is ${JSON.stringify(text.slice(0, 100))}`);
}

function identity(bytes: Uint8Array): Pick<Descriptor, 'digest' | 'size'> {
  return { digest: digestOf(bytes), size: bytes.length };
}

function invalid(reason: string): AirgapError {
  return new AirgapError('BUNDLE', `invalid record of a bundle: ${reason}`, {
    hint: 'Push the bundle again.',
  });
}
