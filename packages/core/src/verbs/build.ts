import type { Writable } from 'node:stream';
import type { BundlePlan } from '../bundle/entry-content.ts';
import { checkParts } from '../bundle/part-plan.ts';
import type { TransferredBytes } from '../bundle/transfer-tally.ts';
import { bytesToTransfer } from '../bundle/write-bundle-file.ts';
import type { BlobAmount } from '../layout/blob-usage.ts';
import { OpenLayouts, openBlobs } from '../layout/open-layout.ts';
import type { LocalSources } from '../local/local-sources.ts';
import type { AirgapError } from '../model/errors.ts';
import { interruptible } from '../model/interrupted.ts';
import { shownPath } from '../model/path-or-url.ts';
import { Registries } from '../registry/registries.ts';
import { type AirgapEvent, type OnEvent, withTime } from '../store/events.ts';
import { buildAirgap, writesAirgap } from './build-airgap.ts';
import { checkInputs, checkObjectOptions, partSizeOf } from './build-checks.ts';
import { openObject, outputOf, writeOptions, writeOutput } from './build-output.ts';
import { openBases, type PlannedBuild, planBuild } from './build-plan.ts';
import { checkReport, writeReport } from './build-report.ts';
import { finishSums, openSums, type SumsOptions, type WrittenSums } from './build-sums.ts';
import { checkOptions } from './check-options.ts';
import type { PlanOptions, PlanResult } from './plan.ts';
import type { AirgapFields, WrittenAirgap } from './write-airgap.ts';

/** The options of {@link build}. */
export interface BuildOptions extends Omit<PlanOptions, 'specs'>, SumsOptions {
  /** Files, directories, charts, kustomizations, or texts; may be left out with `plan`. */
  readonly specs?: PlanOptions['specs'] | undefined;
  /** The result of an earlier {@link plan}: exactly that is built, whatever tags point to meanwhile. */
  readonly plan?: PlanResult | undefined;
  /**
   * A path, an object as `s3://bucket/key`, or a stream to write the bundle to in order. A path that ends with `.airgap`
   * gets KOTS's own bundle.
   */
  readonly output: string | Writable;
  /** Fail if the lint reports a warning or an error. */
  readonly strict?: boolean | undefined;
  /** Older bundles or OCI layout directories whose blobs are copied and verified instead of downloaded. */
  readonly reuse?: readonly string[] | undefined;
  /** Write parts of this size, `PATH.001` and so on: `fat32`, `dvd`, `bd`, `cd`, or a size such as `4GiB`. */
  readonly split?: string | undefined;
  /** The size of the parts in which an object is uploaded, at least 5 MiB, such as `64MiB`; only for `s3://`. */
  readonly partSize?: string | undefined;
  /**
   * Write a delta: leave out the layers that all of these bundles have. A lock is the bundle of a build with it; its
   * manifests are fetched by digest. A `.airgap` takes one, of which the customer has pushed the images with KOTS.
   */
  readonly deltaFrom?: readonly string[] | undefined;
  /** A file for an HTML report of the bundle, with the findings; not for a stream. */
  readonly report?: string | undefined;
  /** An older bundle; the report shows what has changed since. */
  readonly since?: string | undefined;
  /** What a `.airgap` has beside its images. Its `app` is that of `locations` by default. */
  readonly kots?: AirgapFields | undefined;
  /** Puts files beside the complete bundle, which its checksums list, too. @returns their paths */
  readonly companions?: (() => Promise<readonly string[]>) | undefined;
}

/** A finished build: its plan, and the bundle that it wrote. */
export interface BuildResult extends PlanResult, WrittenSums {
  /** The absolute path of the bundle, or of its first part; the URL of an object; undefined when it was streamed. */
  readonly path?: string;
  /** The absolute paths of the parts, when it was split. */
  readonly parts?: readonly string[];
  /** The size of what was written, in bytes. */
  readonly size: number;
  /** What is in the `.airgap`, when one was written. */
  readonly kots?: WrittenAirgap;
  /** What was left to the base, when a delta was written. */
  readonly missing?: BlobAmount;
  /** The digest of its `index.json`, which identifies the content. */
  readonly digest: string;
  /** Where its bytes came from. */
  readonly transferred: TransferredBytes;
  /** In ms. */
  readonly elapsed: number;
}

/**
 * Builds a verified bundle of the images in the specs: read, resolve, plan, then transfer every blob once, directly to
 * its offset. The final name appears only when the bundle is complete.
 *
 * @throws AirgapError `FINDINGS` when strict, `SIGNATURE` when an image lacks a required one, `LOCK` when the input and the lock differ, `INPUT`, `DISK`, `CONTENT`, `INTERRUPTED`, and the errors of registries
 */
export async function build(options: BuildOptions): Promise<BuildResult> {
  checkOptions('build', options, ['output']);
  const started = performance.now();
  const onEvent = withTime(options.onEvent ?? (() => {}));
  const stopper = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stopper.signal]) : stopper.signal;
  const stop = (reason: unknown) => stopper.abort(reason);
  return interruptible(options.signal, async () => {
    const result = await run({ ...options, onEvent, signal }, stop);
    return { ...result, elapsed: performance.now() - started };
  });
}

/** A build whose options are complete. */
type Run = BuildOptions & { readonly onEvent: OnEvent; readonly signal: AbortSignal };

/** @param stop aborts all transfers */
async function run(options: Run, stop: (reason: unknown) => void): Promise<Omit<BuildResult, 'elapsed'>> {
  const { onEvent, signal } = options;
  checkObjectOptions(options);
  const forKots = writesAirgap(options);
  const partSize = partSizeOf(options);
  await using object = await openObject(options);
  const output = object ?? (await outputOf(options.output));
  await checkInputs(output, options);
  const sums = await openSums(output, options);
  await checkReport(options);
  await using registries = await Registries.open(options);
  await using bases = await openBases(registries, options);
  await using planned = await planBuild(registries, bases, options);
  const { plan, tarPlan, local } = planned;
  if (partSize !== undefined && !object) checkParts(tarPlan, planned.order, partSize);
  // What a .airgap leaves out is known later.
  if (!forKots) onEvent(plannedEvent(planned));
  await using reused = await openReused(options);
  const context = { tarPlan, partSize, registries, local, reused, onEvent, signal, stop };
  const written =
    forKots && typeof output === 'string'
      ? await buildAirgap(output, tarPlan, { ...writeOptions(context), base: bases.layouts[0] }, options)
      : await writeOutput(output, context, sums.hash);
  const file = typeof output === 'string' ? written.path : undefined;
  const summed = await finishSums(file, sums, { signal, onEvent, also: await options.companions?.() });
  if (file !== undefined) await writeReport(file, options, plan.findings);
  const { digest, missing } = planned;
  return { ...plan, size: tarPlan.size, digest, ...written, ...(missing ? { missing } : {}), ...summed };
}

function plannedEvent({ plan: { images, blobs }, tarPlan, local }: PlannedBuild): AirgapEvent {
  return {
    type: 'planned',
    images: images.length,
    blobs,
    bytes: bytesToTransfer(tarPlan),
    size: tarPlan.size,
    hosts: bytesByHost(tarPlan, local),
  };
}

/** The bytes of each registry; those of local images come from none. */
function bytesByHost({ entries }: BundlePlan, local: LocalSources): Record<string, number> {
  const hosts = new Map<string, number>();
  for (const { content, size } of entries) {
    if (content.bytes || local.imageOf(content.from)) continue;
    const { registry } = content.from;
    hosts.set(registry, (hosts.get(registry) ?? 0) + size);
  }
  return Object.fromEntries(hosts);
}

/** Opens the older bundles that are reused, and reports why one cannot be reused as a whole. */
function openReused({ reuse = [], ...options }: Run): Promise<OpenLayouts> {
  return OpenLayouts.open(reuse, options, (path, remote) => {
    const report = ({ message }: AirgapError) =>
      options.onEvent({
        type: 'notice',
        message: `${shownPath(path)}: ${message}; reusing what can be read of it`,
      });
    return openBlobs(path, report, remote);
  });
}
