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

/** The options of {@link build}. */
export interface BuildOptions extends PlanOptions {
  /** A path, or a stream to write the bundle to in order. */
  readonly output: string | Writable;
  /** Fail if the lint reports a warning or an error. */
  readonly strict?: boolean | undefined;
  /** The mtime of every entry, in seconds since 1970. Default 0. */
  readonly sourceDateEpoch?: number | undefined;
  /** Older bundles or OCI layout directories whose blobs are copied and verified instead of downloaded. */
  readonly reuse?: readonly string[] | undefined;
}

/** A finished build: its plan, and the bundle that it wrote. */
export interface BuildResult extends PlanResult {
  /** The absolute path of the bundle; undefined when it was streamed. */
  readonly path?: string;
  /** In bytes. */
  readonly size: number;
  /** The digest of its `index.json`, which identifies the content. */
  readonly digest: string;
  /** In ms. */
  readonly elapsed: number;
}

/**
 * Builds a verified bundle of the images in the specs: read, resolve, plan, then transfer every blob once, directly to
 * its offset. The final name appears only when the bundle is complete.
 *
 * @throws AirgapError `FINDINGS` when strict, `INPUT`, `DISK`, `CONTENT`, `INTERRUPTED`, and the errors of registries
 */
export async function build(options: BuildOptions): Promise<BuildResult> {
  const started = performance.now();
  const onEvent: OnEvent = options.onEvent ?? (() => {});
  const stopper = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stopper.signal]) : stopper.signal;
  try {
    const requests = await readRequests(options);
    const output = typeof options.output === 'string' ? await checkTarget(options.output) : options.output;
    if (options.strict) rejectFindings(requests.findings);
    await using registries = await Registries.open({ ...options, signal });
    const resolved = await resolvePlan(registries, requests, options, options.sourceDateEpoch);
    if (options.strict) rejectFindings(resolved.findings);
    const plan = planResult(resolved);
    const { tarPlan } = resolved;
    onEvent({
      type: 'planned',
      images: plan.images.length,
      blobs: plan.blobs,
      bytes: bytesToTransfer(tarPlan),
      size: tarPlan.size,
    });
    await using local = new LocalBlobCache();
    for (const path of options.reuse ?? []) await local.add(path);
    const source = new FallbackSource(local, registries);
    await transfer(tarPlan, source, local, output, onEvent, signal, error => stopper.abort(error));
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

async function transfer(
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
    if (file.isResumable) onEvent({ type: 'notice', message: resumeNotice(output) });
    throw error;
  }
}

function resumeNotice(output: string): string {
  return `Partial download kept in ${partialPaths(output).partial}; run the same command again to resume`;
}

function rejectFindings(findings: readonly Finding[]): void {
  const { length } = findings.filter(({ severity }) => isAtLeast(severity, 'warning'));
  if (length === 0) return;
  const noun = length === 1 ? 'finding' : 'findings';
  throw new AirgapError('FINDINGS', `the specs have ${length} ${noun}`, {
    hint: 'Fix them, or build without --strict.',
  });
}

function bytesToTransfer({ entries }: BundlePlan): number {
  return entries.reduce((sum, { content, size }) => sum + (content.bytes ? 0 : size), 0);
}

function indexDigest({ entries }: BundlePlan): string {
  const index = entries.find(({ name }) => name === 'index.json');
  return digestOf(index?.content.bytes ?? Buffer.alloc(0));
}

function pathOf(output: string | Writable): { path?: string } {
  return typeof output === 'string' ? { path: resolve(output) } : {};
}
