import type { FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { type Pack, pack } from 'tar-stream';
import type { Descriptor } from '../../oci/descriptor.ts';
import { HashingWriter } from '../../store/blob-writer.ts';
import { type CopyOptions, copyBlob } from '../../store/copy-blob.ts';
import type { OnEvent } from '../../store/events.ts';
import type { BlobSource } from '../../store/image-source.ts';
import { readRanges } from '../../store/read-ranges.ts';
import { StoredGzip } from '../stored-gzip.ts';
import type { ArchiveEntry, ArchivePlan } from './archive-plan.ts';

/** How an archive is written. */
export interface WriteArchiveOptions {
  /** The sources of a blob, in the order in which they are tried. */
  readonly sourcesOf: (blob: Descriptor) => readonly BlobSource[];
  /** The mtime of all entries, in seconds since 1970. */
  readonly mtime: number;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnEvent | undefined;
  /** Receives the number of bytes that a source has sent. */
  readonly onBytes?: CopyOptions['onBytes'];
}

/** Writes a planned archive in one pass; every blob is verified. @throws AirgapError `CONTENT`, and system errors */
export async function writeArchive(
  file: FileHandle,
  { entries }: ArchivePlan,
  options: WriteArchiveOptions,
): Promise<void> {
  const tar = pack();
  const failed = new AbortController();
  const signals = [failed.signal, ...(options.signal ? [options.signal] : [])];
  const signal = AbortSignal.any(signals);
  const writing = pipeline(tar, new StoredGzip(), chunks => appendAll(file, chunks), { signal });
  try {
    await Promise.race([addEntries(tar, entries, options), writing]);
  } catch (error) {
    failed.abort(error);
    await writing.catch(() => {});
    throw error;
  }
  await writing;
}

async function appendAll(file: FileHandle, chunks: AsyncIterable<Buffer>): Promise<void> {
  for await (const chunk of chunks) await file.appendFile(chunk);
}

async function addEntries(
  tar: Pack,
  entries: readonly ArchiveEntry[],
  options: WriteArchiveOptions,
): Promise<void> {
  for (const entry of entries) {
    options.signal?.throwIfAborted();
    await addEntry(tar, entry, options);
  }
  tar.finalize();
}

async function addEntry(
  tar: Pack,
  { name, size, content }: ArchiveEntry,
  { sourcesOf, mtime: seconds, onEvent, onBytes }: WriteArchiveOptions,
): Promise<void> {
  const mtime = new Date(seconds * 1000);
  if (content.kind === 'directory') {
    tar.entry({ name, type: 'directory', mode: 0o755, mtime });
    return;
  }
  await writeEntry(tar, { name, size, mode: 0o644, mtime }, async write => {
    if (content.kind === 'bytes') await write(content.bytes);
    else if (content.kind === 'file') await readRanges(content.file, [{ start: 0, end: size }], { write });
    else
      await copyBlob(sourcesOf(content.blob), content.blob, new HashingWriter({ write }), {
        images: [content.image],
        onEvent,
        onBytes,
      });
  });
}

type Header = Parameters<Pack['entry']>[0];
type Sink = ReturnType<Pack['entry']>;
type Write = (chunk: Uint8Array) => Promise<void> | undefined;

/** Adds an entry, and waits until all of it was taken. */
async function writeEntry(tar: Pack, header: Header, fill: (write: Write) => Promise<void>): Promise<void> {
  let entry: Sink | undefined;
  const taken = new Promise<void>((resolve, reject) => {
    entry = tar.entry(header, error => (error ? reject(error) : resolve()));
  });
  // Filling it fails first.
  taken.catch(() => {});
  await fill(chunk => writeChunk(entry, chunk));
  entry?.end(undefined);
  await taken;
}

function writeChunk(entry: Sink | undefined, chunk: Uint8Array): Promise<void> | undefined {
  if (!entry || entry.write(Buffer.from(chunk))) return undefined;
  return new Promise(resolve => {
    entry.once('drain', resolve);
  });
}
