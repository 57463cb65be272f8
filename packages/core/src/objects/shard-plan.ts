import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { BlobRef, BundleEntry, BundleInput, BundlePlan } from '../bundle/entry-content.ts';
import { blobPath } from '../layout/documents.ts';
import { AirgapError } from '../model/errors.ts';
import { parseJson } from '../model/parse-json.ts';
import { type Digest, digestOf, isDigest, sha256Digest } from '../oci/digest.ts';
import { Reference } from '../reference/reference.ts';
import { paddingOf } from '../tar/framing.ts';
import { BLOCK, decodeHeader, padded } from '../tar/header.ts';
import { planTar } from '../tar/plan.ts';
import { balance } from './balance.ts';
import { cutTasks, MAX_PARTS, type UploadTask } from './upload-tasks.ts';

const FORMAT = 'airgap-shards/1';
/** The largest number of shards: their reports have five digits in their names, and all are read at the end. */
const MAX_SHARDS = 10_000;

const digest = z.custom<Digest>(value => typeof value === 'string' && isDigest(value));
const count = z.int().nonnegative();
const documentSchema = z.strictObject({
  format: z.literal(FORMAT),
  /** The id of the multipart upload. */
  upload: z.string().min(1),
  /** The size of the tar, in bytes, and the time of its entries, in seconds since 1970. */
  size: count,
  mtime: count,
  /** The digest of its `index.json`. */
  index: digest,
  /** The first bytes of the tar, up to the header of the first blob of `blobs`. */
  head: z.strictObject({ size: count, digest }),
  /** The names and media types that the blobs refer to, by their index. */
  names: z.array(z.string()),
  types: z.array(z.string()),
  /** The rest of the entries, in order: digest, size, media type, name. */
  blobs: z.array(z.tuple([digest, count, count, count])),
  shards: z.int().min(1).max(MAX_SHARDS),
  /** In the order of the tar: the shard, and the sizes of the parts. */
  tasks: z.array(z.strictObject({ shard: count, parts: z.array(z.int().positive()).min(1) })).max(MAX_PARTS),
});
type ShardDocument = z.infer<typeof documentSchema>;

/** A bundle that several workers upload, each some tasks. */
export interface ShardPlan {
  /** The sha256 of its document, which identifies it. */
  readonly digest: Digest;
  /** The id of the multipart upload. */
  readonly upload: string;
  /** The digest of the `index.json` of the bundle. */
  readonly index: Digest;
  readonly plan: BundlePlan;
  /** The tasks of each shard. */
  readonly shards: readonly (readonly UploadTask[])[];
}

/** A plan as it is stored. */
export interface StoredPlan extends ShardPlan {
  readonly document: Buffer;
  /** In pieces, which are as large as all manifests and configs. */
  readonly head: readonly Uint8Array[];
}

export interface ShardPlanOptions {
  readonly upload: string;
  readonly index: Digest;
  readonly shards: number;
  /** In bytes. */
  readonly partSize: number;
}

/**
 * Plans the shards of a bundle.
 *
 * @param plan its last entry in memory is preceded by such entries only: they are the head
 * @throws AirgapError `USAGE` for the number of shards or the size of the parts
 */
export function planShards(plan: BundlePlan, options: ShardPlanOptions): StoredPlan {
  const { upload, index, shards } = options;
  checkShardCount(shards);
  const tasks = cutTasks(plan, options.partSize);
  const assigned = balance(
    tasks.map(({ start, end }) => end - start),
    shards,
  );
  const headCount = plan.entries.findLastIndex(({ content }) => content.bytes !== undefined) + 1;
  const head = plan.entries.slice(0, headCount).flatMap(bytesOf);
  const { names, types, blobs } = tableOf(plan.entries.slice(headCount));
  const content: ShardDocument = {
    format: FORMAT,
    upload,
    size: plan.size,
    mtime: plan.mtime,
    index,
    head: { size: head.reduce((sum, { length }) => sum + length, 0), digest: digestOfAll(head) },
    names,
    types,
    blobs,
    shards,
    tasks: tasks.map(({ parts }, task) => ({
      shard: assigned[task] ?? 0,
      parts: parts.map(({ start, end }) => end - start),
    })),
  };
  const document = Buffer.from(JSON.stringify(content));
  return {
    digest: digestOf(document),
    upload,
    index,
    plan,
    shards: shardsOf(content, tasks),
    document,
    head,
  };
}

function digestOfAll(pieces: readonly Uint8Array[]): Digest {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return sha256Digest(hash.digest());
}

/** @throws AirgapError `USAGE` */
export function checkShardCount(shards: number): void {
  if (Number.isInteger(shards) && shards >= 1 && shards <= MAX_SHARDS) return;
  throw new AirgapError('USAGE', `the number of shards must be from 1 to ${MAX_SHARDS}, got ${shards}`, {
    hint: 'Use several times as many shards as workers, for example 64 for 8.',
  });
}

function bytesOf(entry: BundleEntry): Uint8Array[] {
  const { bytes } = entry.content;
  if (bytes === undefined) throw new RangeError(`${entry.name} is not in memory`);
  return [entry.header, bytes, paddingOf(entry)];
}

/** Parses the digest that identifies a plan. @throws AirgapError `USAGE` */
export function parsePlanDigest(plan: string): Digest {
  const text = String(plan);
  if (isDigest(text)) return text;
  throw new AirgapError('USAGE', `not the digest of a plan: ${JSON.stringify(text.slice(0, 140))}`, {
    hint: 'Pass the digest that airgap shard plan printed: sha256: and 64 lower-case hex digits.',
  });
}

/** What follows the head: names and media types once each. */
function tableOf(entries: BundlePlan['entries']): Pick<ShardDocument, 'names' | 'types' | 'blobs'> {
  const names = new Map<string, number>();
  const types = new Map<string, number>();
  const blobs = entries.map(({ content }): ShardDocument['blobs'][number] => {
    const { blob, from } = content as BlobRef;
    return [blob.digest, blob.size, indexIn(types, blob.mediaType), indexIn(names, from.toString())];
  });
  return { names: [...names.keys()], types: [...types.keys()], blobs };
}

function indexIn(table: Map<string, number>, text: string): number {
  const index = table.get(text) ?? table.size;
  table.set(text, index);
  return index;
}

/** A stored plan that was read. @param expected the digest that identifies it. @throws AirgapError `CONTENT`, `INPUT` */
export function parsePlan(document: Uint8Array, expected: Digest): ShardDocument {
  const actual = digestOf(document);
  if (actual !== expected)
    throw new AirgapError('CONTENT', `the plan has another digest: expected ${expected}, got ${actual}`, {
      hint: 'Pass the digest that airgap shard plan printed last, and check who can write to the bucket.',
    });
  const parsed = documentSchema.safeParse(parseJson(document));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalidPlan(`${issue?.path.join('.') || 'the document'}: ${issue?.message}`);
}

/** Makes the plan of a document. @param head the bytes that it describes. @throws AirgapError `CONTENT`, `INPUT` */
export function restorePlan(document: ShardDocument, digest: Digest, head: Buffer): ShardPlan {
  const actual = digestOf(head);
  if (actual !== document.head.digest)
    throw new AirgapError('CONTENT', `digest mismatch: expected ${document.head.digest}, got ${actual}`, {
      hint: 'Plan again, and check who can write to the bucket.',
    });
  const plan = planTar([...headInputs(head), ...blobInputs(document)], document.mtime);
  if (plan.size !== document.size) throw invalidPlan(`expected ${document.size} bytes, got ${plan.size}`);
  const tasks = restoreTasks(document);
  const headers = new Set(plan.entries.map(({ headerOffset }) => headerOffset));
  if (tasks.some(({ start }) => !headers.has(start))) throw invalidPlan('a task does not start at an entry');
  return {
    digest,
    upload: document.upload,
    index: document.index,
    plan,
    shards: shardsOf(document, tasks),
  };
}

function headInputs(head: Buffer): BundleInput[] {
  const inputs: BundleInput[] = [];
  for (let at = 0; at < head.length; ) {
    const entry = decodeHeader(head.subarray(at, at + BLOCK));
    if (entry === undefined) throw invalidPlan('an entry of the head has no header');
    const { name, size } = entry;
    at += BLOCK;
    inputs.push({ name, size, content: { bytes: head.subarray(at, at + size) } });
    at += padded(size);
  }
  return inputs;
}

function blobInputs({ names, types, blobs }: ShardDocument): BundleInput[] {
  const references = names.map(name => Reference.parse(name));
  return blobs.map(([digest, size, type, name]) => {
    const from = references[name];
    if (from === undefined) throw invalidPlan(`a blob refers to name ${name} of ${names.length}`);
    const blob = { mediaType: types[type] ?? '', digest, size };
    const content: BlobRef = { blob, from, images: new Set([from.toString()]) };
    return { name: blobPath(blob), size, content };
  });
}

function restoreTasks({ tasks, size }: ShardDocument): UploadTask[] {
  let at = 0;
  let number = 0;
  const restored = tasks.map(task => {
    const start = at;
    const parts = task.parts.map(length => {
      number += 1;
      at += length;
      return { number, start: at - length, end: at };
    });
    return { start, end: at, parts };
  });
  if (at !== size || number > MAX_PARTS) throw invalidPlan(`the parts have ${at} bytes, the bundle ${size}`);
  return restored;
}

function shardsOf({ shards, tasks }: ShardDocument, cut: readonly UploadTask[]): UploadTask[][] {
  const lists = Array.from({ length: shards }, (): UploadTask[] => []);
  for (const [index, task] of cut.entries()) lists[tasks[index]?.shard ?? 0]?.push(task);
  if (lists.flat().length !== cut.length) throw invalidPlan('a task is in no shard');
  return lists;
}

function invalidPlan(reason: string): AirgapError {
  return new AirgapError('INPUT', `invalid plan of shards: ${reason}`, {
    hint: 'Use the version of airgap that made the plan, or plan again.',
  });
}
