import { resolve } from 'node:path';
import type { Writable } from 'node:stream';
import type { BundlePlan } from '../bundle/entry-content.ts';
import { FallbackSource } from '../bundle/fallback-source.ts';
import { BundleFile } from '../bundle/file/bundle-file.ts';
import { checkTarget } from '../bundle/file/disk.ts';
import { partialPaths } from '../bundle/file/partial-file.ts';
import { LocalBlobCache } from '../bundle/local-blob-cache.ts';
import { streamBundle } from '../bundle/stream.ts';
import { writeEntries } from '../bundle/write-blobs.ts';
import { AirgapError } from '../model/errors.ts';
import { type Finding, isAtLeast } from '../model/finding.ts';
import { interrupted } from '../model/interrupted.ts';
import { digestOf } from '../oci/digest.ts';
import { Registries } from '../registry/registries.ts';
import type { OnEvent } from '../store/events.ts';
import type { ImageSource } from '../store/image-source.ts';
import { type PlanOptions, type PlanResult, planResult } from './plan.ts';
import { readRequests, resolvePlan } from './resolved-plan.ts';

const KEPT = 'what has arrived is kept beside the bundle: the same command goes on from there';

export interface BuildOptions extends PlanOptions {
  /** A path, or a stream that the bundle is written to from first byte to last. */
  readonly output: string | Writable;
  /** Refuse to build while the lint finds a warning or an error. */
  readonly strict?: boolean | undefined;
  /** The time of every entry, in seconds since 1970. Default 0. */
  readonly sourceDateEpoch?: number | undefined;
  /** Older bundles, or OCI tarPlan directories, whose blobs are copied (verified) instead of downloaded. */
  readonly reuse?: readonly string[] | undefined;
}

export interface BuildResult extends PlanResult {
  /** Where the bundle is; nothing when it was streamed. */
  readonly path?: string;
  /** In bytes. */
  readonly size: number;
  /** The digest of its `index.json`, which stands for everything in it. */
  readonly digest: string;
  /** In ms. */
  readonly elapsed: number;
}

/**
 * Builds one verified bundle from what the specs ask for: read, resolve, plan, then move every blob once, straight
 * to its place. Under the final name there is a whole bundle or none.
 *
 * @throws AirgapError `FINDINGS` when strict, `INPUT`, `DISK`, `CONTENT`, `INTERRUPTED`, and what registries throw
 */
export async function build(options: BuildOptions): Promise<BuildResult> {
  const started = performance.now();
  const onEvent: OnEvent = options.onEvent ?? (() => {});
  const stopper = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stopper.signal]) : stopper.signal;
  try {
    const requests = await readRequests(options);
    const output = typeof options.output === 'string' ? await checkTarget(options.output) : options.output;
    if (options.strict) refuseFindings(requests.findings);
    await using registries = await Registries.open({ ...options, signal });
    const prepared = await resolvePlan(registries, requests, options, options.sourceDateEpoch);
    if (options.strict) refuseFindings(prepared.findings);
    const plan = planResult(prepared);
    const { tarPlan } = prepared;
    onEvent({
      type: 'planned',
      images: plan.images.length,
      blobs: plan.blobs,
      bytes: bytesToMove(tarPlan),
      size: tarPlan.size,
    });
    await using local = new LocalBlobCache();
    for (const path of options.reuse ?? []) await local.add(path);
    const source = new FallbackSource(local, registries);
    await move(tarPlan, source, local, output, onEvent, signal, error => stopper.abort(error));
    return {
      ...plan,
      ...pathOf(output),
      size: tarPlan.size,
      digest: indexDigest(tarPlan),
      elapsed: performance.now() - started,
    };
  } catch (error) {
    throw options.signal?.aborted ? interrupted(error) : error;
  }
}

async function move(
  tarPlan: BundlePlan,
  source: ImageSource,
  local: LocalBlobCache,
  output: string | Writable,
  onEvent: OnEvent,
  signal: AbortSignal,
  stop: (reason: unknown) => void,
): Promise<void> {
  if (typeof output !== 'string') {
    onEvent({ type: 'phase', phase: 'move' });
    return streamBundle(output, tarPlan, source, onEvent, signal);
  }
  const { previous, previousJournal } = partialPaths(output);
  await using file = await BundleFile.open(output, tarPlan, signal);
  await local.addPartial(previous, previousJournal);
  onEvent({ type: 'phase', phase: 'move' });
  try {
    await writeEntries(file, tarPlan, { source, path: output, onEvent, stop });
    signal.throwIfAborted();
    onEvent({ type: 'phase', phase: 'finish' });
    await file.commit();
  } catch (error) {
    if (error instanceof AirgapError && error.code === 'DISK') file.discard();
    if (file.isWorthKeeping) onEvent({ type: 'notice', message: KEPT });
    throw error;
  }
}

function refuseFindings(findings: readonly Finding[]): void {
  const { length } = findings.filter(({ severity }) => isAtLeast(severity, 'warning'));
  if (length === 0) return;
  throw new AirgapError('FINDINGS', `the specs have ${length} ${length === 1 ? 'finding' : 'findings'}`, {
    hint: 'Mend them, or build without --strict.',
  });
}

function bytesToMove({ entries }: BundlePlan): number {
  return entries.reduce((all, { content, size }) => all + (content.bytes ? 0 : size), 0);
}

function indexDigest({ entries }: BundlePlan): string {
  const index = entries.find(({ name }) => name === 'index.json');
  return digestOf(index?.content.bytes ?? Buffer.alloc(0));
}

function pathOf(output: string | Writable): { path?: string } {
  return typeof output === 'string' ? { path: resolve(output) } : {};
}
