import type { BlobRef, BundleInput, BundlePlan } from '../bundle/entry-content.ts';
import { AirgapError } from '../model/errors.ts';
import { interruptible } from '../model/interrupted.ts';
import { isObjectUrl, parseObjectUrl } from '../objects/s3/object-url.ts';
import { checkShardCount, planShards } from '../objects/shard-plan.ts';
import { parseUploadPartSize, partSizeFor } from '../objects/upload-tasks.ts';
import { digestOf } from '../oci/digest.ts';
import { Registries } from '../registry/registries.ts';
import { requireSignatures } from '../signing/image-policy.ts';
import { MemoryWriter } from '../store/blob-writer.ts';
import { copyBlob } from '../store/copy-blob.ts';
import type { BlobSource } from '../store/image-source.ts';
import { planTar } from '../tar/plan.ts';
import { checkOptions } from './check-options.ts';
import { type PlanOptions, type PlanResult, planResult } from './plan.ts';
import { openLocal, readRequests, rejectFindings, resolvePlan } from './resolved-plan.ts';

/** The options of {@link shardPlan}. */
export interface ShardPlanOptions extends PlanOptions {
  /** The object to build, as `s3://bucket/key`. */
  readonly output: string;
  /** The number of shards; several times as many as workers, so that the work is balanced. */
  readonly shards: number;
  /** The size of the parts of the upload, at least 5 MiB, such as `64MiB`. */
  readonly partSize?: string | undefined;
  /** Fail if the lint reports a warning or an error. */
  readonly strict?: boolean | undefined;
}

/** A plan that workers carry out. Sizes are bytes. */
export interface ShardPlanResult extends PlanResult {
  /** The object, as `s3://bucket/key`. */
  readonly object: string;
  /** The sha256 of the plan, which every worker must be given. */
  readonly plan: string;
  /** The digest of the `index.json` of the bundle. */
  readonly digest: string;
  readonly shards: number;
  /** The size of the largest shard: that much one worker uploads at least. */
  readonly largestShard: number;
  /** The number of parts of the upload. */
  readonly parts: number;
}

/**
 * Plans a bundle that several workers build in an object store, and starts its upload. Names are resolved once, here:
 * whatever tags point to later, all workers upload parts of the same bundle.
 *
 * @throws AirgapError as `plan`, `USAGE`, `FINDINGS` when strict, `SIGNATURE`, and the errors of the store
 * @example
 * const { plan } = await shardPlan({ specs: ['app.yaml'], output: 's3://releases/app.tar', shards: 64 });
 * await shardRun({ object: 's3://releases/app.tar', plan, shard: 0 });
 */
export async function shardPlan(options: ShardPlanOptions): Promise<ShardPlanResult> {
  checkOptions('shardPlan', options, ['specs', 'output']);
  checkShardCount(options.shards);
  const partSize = options.partSize === undefined ? undefined : parseUploadPartSize(options.partSize);
  if (!isObjectUrl(options.output)) parseObjectUrl(options.output);
  if (options.from?.length) throw localSources();
  return interruptible(options.signal, async () => {
    const { NewUpload } = await import('../objects/new-upload.ts');
    const { storePlan } = await import('../objects/shard-work.ts');
    await using started = await NewUpload.open(options.output, options);
    await using registries = await Registries.open(options);
    const read = await readRequests(options);
    if (options.strict) rejectFindings(read.findings);
    await using local = await openLocal(read, options);
    const resolved = await resolvePlan({ registries, local }, read, options);
    if (options.strict) rejectFindings(resolved.findings);
    requireSignatures(resolved.signatures);
    const plan = await withHead(resolved.tarPlan, from => registries.source(from).sources);
    const index = plan.entries.find(({ name }) => name === 'index.json');
    const stored = planShards(plan, {
      upload: started.upload.id,
      index: digestOf(index?.content.bytes ?? Buffer.alloc(0)),
      shards: options.shards,
      partSize: partSize ?? partSizeFor(plan.size),
    });
    await storePlan(started.upload.store, stored);
    started.keep();
    const sizes = stored.shards.map(tasks => tasks.reduce((sum, { start, end }) => sum + end - start, 0));
    return {
      ...planResult(resolved),
      object: options.output,
      plan: stored.digest,
      digest: stored.index,
      shards: options.shards,
      largestShard: Math.max(...sizes),
      parts: stored.shards.flat().reduce((sum, { parts }) => sum + parts.length, 0),
    };
  });
}

/** The largest config of an artifact that the plan carries, in bytes. */
const MAX_CONFIG = 16 * 1024 * 1024;

/** Reads what precedes the last config in memory: configs of artifacts, which no plan reads otherwise. */
async function withHead(
  plan: BundlePlan,
  sourcesOf: (from: BlobRef['from']) => readonly BlobSource[],
): Promise<BundlePlan> {
  const last = plan.entries.findLastIndex(({ content }) => content.bytes !== undefined);
  const inputs: BundleInput[] = [];
  for (const [index, { name, size, content }] of plan.entries.entries()) {
    const isInPlace = index > last || content.bytes !== undefined;
    inputs.push({
      name,
      size,
      content: isInPlace ? content : { bytes: await readConfig(content, sourcesOf) },
    });
  }
  return planTar(inputs, plan.mtime);
}

async function readConfig(
  { blob, from, images }: BlobRef,
  sourcesOf: (from: BlobRef['from']) => readonly BlobSource[],
): Promise<Buffer> {
  if (blob.size > MAX_CONFIG)
    throw new AirgapError('UNSUPPORTED', `the config has ${blob.size} bytes, the limit is ${MAX_CONFIG}`, {
      where: { image: from.toString(), digest: blob.digest },
      hint: 'Build the bundle with airgap build, or leave the image out.',
    });
  const writer = new MemoryWriter(blob.size);
  await copyBlob(sourcesOf(from), blob, writer, { images: [...images] });
  return writer.bytes;
}

function localSources(): AirgapError {
  return new AirgapError('USAGE', 'shardPlan: workers cannot read images of this machine (from)', {
    hint: 'Push the images to a registry that the workers reach, or use airgap build -o s3://….',
  });
}
