import { createHash, type Hash } from 'node:crypto';
import { basename, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import type { BlobRef, BundlePlan } from '../bundle/entry-content.ts';
import { BundleFile } from '../bundle/file/bundle-file.ts';
import { checkTarget, diskError } from '../bundle/file/disk.ts';
import { partialPaths } from '../bundle/file/partial-file.ts';
import { openPrevious } from '../bundle/file/previous-bundle.ts';
import { StreamTarget } from '../bundle/stream-target.ts';
import { type TransferredBytes, TransferTally } from '../bundle/transfer-tally.ts';
import { type WriteOptions, writeBundle } from '../bundle/write-bundle.ts';
import { fileExists } from '../fs/file-exists.ts';
import { replaceFile } from '../fs/replace-file.ts';
import { resolveExistingPath } from '../fs/resolve-existing-path.ts';
import type { Layout } from '../layout/layout.ts';
import { OpenLayouts, openLayout } from '../layout/open-layout.ts';
import { LocalSources } from '../local/local-sources.ts';
import { AirgapError } from '../model/errors.ts';
import { type Finding, isAtLeast } from '../model/finding.ts';
import { interruptible } from '../model/interrupted.ts';
import { digestOf, sha256Digest } from '../oci/digest.ts';
import { Registries } from '../registry/registries.ts';
import { checkOutput } from '../relocate/output-file.ts';
import { requireSignatures } from '../signing/image-policy.ts';
import type { SigningKey } from '../signing/private-key.ts';
import { sideFiles } from '../signing/side-files.ts';
import { checkNames, writeChecksums } from '../signing/write-checksums.ts';
import { type OnEvent, withTime } from '../store/events.ts';
import { checkOptions } from './check-options.ts';
import { type PlanOptions, type PlanResult, planResult, resolvedPlanOf } from './plan.ts';
import { htmlReport } from './report.ts';
import { openLocal, type ResolvedPlan, readRequests, resolvePlan } from './resolved-plan.ts';
import { openKey, type SignOptions, writtenSums } from './sign.ts';

/** The options of {@link build}. */
export interface BuildOptions extends Omit<PlanOptions, 'specs'> {
  /** Files, directories, charts, kustomizations, or texts; may be left out with `plan`. */
  readonly specs?: PlanOptions['specs'] | undefined;
  /** The result of an earlier {@link plan}: exactly that is built, whatever tags point to meanwhile. */
  readonly plan?: PlanResult | undefined;
  /** A path, or a stream to write the bundle to in order. */
  readonly output: string | Writable;
  /** Fail if the lint reports a warning or an error. */
  readonly strict?: boolean | undefined;
  /** Older bundles or OCI layout directories whose blobs are copied and verified instead of downloaded. */
  readonly reuse?: readonly string[] | undefined;
  /**
   * Compute the sha256 of the bundle: while it is written to a stream, else by one read at the end. Beside a file, write
   * `BUNDLE.sha256` and `BUNDLE.index.json`.
   */
  readonly checksums?: boolean | undefined;
  /** Sign the checksums, which are then written. Only for a file. */
  readonly sign?: SignOptions | undefined;
  /** A file for an HTML report of the bundle, with the findings; not for a stream. */
  readonly report?: string | undefined;
  /** An older bundle; the report shows what has changed since. */
  readonly since?: string | undefined;
}

/** A finished build: its plan, and the bundle that it wrote. */
export interface BuildResult extends PlanResult {
  /** The absolute path of the bundle; undefined when it was streamed. */
  readonly path?: string;
  /** In bytes. */
  readonly size: number;
  /** The digest of its `index.json`, which identifies the content. */
  readonly digest: string;
  /** The sha256 of the bundle, with `checksums` or `sign`. */
  readonly fileDigest?: string;
  /** The path of the checksums, if they were written. */
  readonly checksums?: string;
  /** The path of their signature, if they were signed. */
  readonly signature?: string;
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
  return interruptible(options.signal, async () => {
    const output = typeof options.output === 'string' ? await checkTarget(options.output) : options.output;
    const sums = await openSums(output, options);
    await checkReport(options);
    await using registries = await Registries.open({ ...options, signal });
    const { resolved, local } = await resolveBuild(registries, { ...options, signal });
    await using open = local;
    const plan = planResult(resolved);
    requireSignatures(plan.signatures);
    const { tarPlan } = resolved;
    const bytes = bytesToTransfer(tarPlan);
    onEvent({ type: 'planned', images: plan.images.length, blobs: plan.blobs, bytes, size: tarPlan.size });
    await using reused = await OpenLayouts.open(options.reuse ?? []);
    const stop = (error: unknown) => stopper.abort(error);
    const context = { tarPlan, registries, local: open, reused, onEvent, signal, stop, hash: sums.hash };
    const transferred =
      typeof output === 'string' ? await writeFile(output, context) : await writeStream(output, context);
    const written = await finishSums(output, sums, { signal, onEvent });
    await writeReport(options, plan.findings);
    return {
      ...plan,
      ...pathOf(output),
      size: tarPlan.size,
      digest: indexDigest(tarPlan),
      ...written,
      transferred,
      elapsed: performance.now() - started,
    };
  });
}

/** Checks what the report needs, before anything is transferred. @throws AirgapError `USAGE`, `DISK`, `INPUT` */
async function checkReport({ output, report, since }: BuildOptions): Promise<void> {
  if (since !== undefined && report === undefined)
    throw new AirgapError('USAGE', 'since has no effect without report', { hint: 'Pass report as well.' });
  if (report === undefined) return;
  if (typeof output !== 'string')
    throw new AirgapError('USAGE', 'a report cannot be written for a streamed bundle', {
      hint: 'Write the bundle to a file, or use airgap inspect --format html where it arrives.',
    });
  if ((await resolveExistingPath(report)) === (await resolveExistingPath(output)))
    throw new AirgapError('USAGE', `the report and the bundle use the same file: ${report}`, {
      hint: 'Choose another file for the report.',
    });
  await checkOutput(report);
  if (since === undefined) return;
  await using _older = await openLayout(since);
}

/** Writes the report of a finished bundle. @throws AirgapError `DISK`, and the errors of the older bundle */
async function writeReport(
  { output, report, since, signal }: BuildOptions,
  findings: readonly Finding[],
): Promise<void> {
  if (report === undefined || typeof output !== 'string') return;
  const content = await htmlReport({ bundle: output, since, findings, signal });
  await replaceFile(report, content).catch(cause => {
    throw diskError(cause, report, 'the report');
  });
}

interface ResolvedBuild {
  readonly resolved: ResolvedPlan;
  /** Open: the blobs are copied from it. */
  readonly local: LocalSources;
}

/** Takes the given plan, or makes one. @throws AirgapError `FINDINGS` when strict */
async function resolveBuild(registries: Registries, options: BuildOptions): Promise<ResolvedBuild> {
  const { plan, specs = [], strict, onEvent, signal } = options;
  const output = typeof options.output === 'string' ? options.output : undefined;
  if (plan) {
    if (strict) rejectFindings(plan.findings);
    const resolved = resolvedPlanOf(plan);
    const request = { ...resolved.local, output, signal, onEvent: withTime(onEvent) };
    return { resolved, local: await LocalSources.open(request) };
  }
  const requests = await readRequests({ ...options, specs });
  if (strict) rejectFindings(requests.findings);
  const local = await openLocal(
    requests.requests,
    { ...options, specs, platforms: requests.platforms },
    output,
  );
  try {
    const resolved = await resolvePlan({ registries, local }, requests, { ...options, specs });
    if (strict) rejectFindings(resolved.findings);
    return { resolved, local };
  } catch (error) {
    await local[Symbol.asyncDispose]();
    throw error;
  }
}

interface BuildContext {
  readonly tarPlan: BundlePlan;
  readonly registries: Registries;
  readonly local: LocalSources;
  /** Older bundles whose blobs are copied instead of downloaded. */
  readonly reused: OpenLayouts;
  readonly onEvent: OnEvent;
  readonly signal: AbortSignal;
  /** Aborts all transfers. */
  readonly stop: (reason: unknown) => void;
  /** Receives the bytes that are written to a stream. */
  readonly hash: Hash | undefined;
}

/** What a build does to have the sums of its bundle. */
interface Sums {
  /** The sha256 of a stream, computed while it is written. */
  readonly hash: Hash | undefined;
  /** Whether checksums are written beside a file. */
  readonly isWritten: boolean;
  readonly key: SigningKey | undefined;
}

/** Reads the key before anything is fetched. @throws AirgapError `INPUT` for the key, `USAGE` for a stream */
async function openSums(output: string | Writable, { checksums, sign }: BuildOptions): Promise<Sums> {
  const isFile = typeof output === 'string';
  if (sign && !isFile)
    throw new AirgapError('USAGE', 'build: sign needs a path as output: a stream has no name to sign', {
      hint: 'Write the bundle to a file, or sign its checksums afterwards.',
    });
  const key = sign && (await openKey(sign));
  if (isFile && (checksums || key)) checkNames([basename(output), basename(sideFiles(output).index)]);
  return {
    hash: checksums && !isFile ? createHash('sha256') : undefined,
    isWritten: isFile && (checksums === true || key !== undefined),
    key,
  };
}

/** Writes and signs the checksums of a file; returns the sum of a stream. */
async function finishSums(
  output: string | Writable,
  { hash, isWritten, key }: Sums,
  { signal, onEvent }: Pick<BuildContext, 'signal' | 'onEvent'>,
): Promise<Pick<BuildResult, 'fileDigest' | 'checksums' | 'signature'>> {
  if (typeof output !== 'string') return hash ? { fileDigest: sha256Digest(hash.digest()) } : {};
  if (isWritten) return writtenSums(await writeChecksums(output, { key, signal }));
  const { checksums } = sideFiles(output);
  if (await fileExists(checksums))
    onEvent({
      type: 'notice',
      message: `${checksums} is of another build: remove it, or build with --checksums`,
    });
  return {};
}

async function writeStream(output: Writable, context: BuildContext): Promise<TransferredBytes> {
  const { tarPlan, onEvent, signal, hash } = context;
  onEvent({ type: 'phase', phase: 'move' });
  reportReused(context);
  const tally = new TransferTally();
  await writeBundle(new StreamTarget(output, signal, hash), tarPlan, writeOptions(context, tally));
  return tally.total(0, tarPlan.size - bytesToTransfer(tarPlan));
}

async function writeFile(output: string, context: BuildContext): Promise<TransferredBytes> {
  const { tarPlan, onEvent, signal } = context;
  await using file = await BundleFile.open(output, tarPlan, signal);
  const previous = await openPrevious(partialPaths(output));
  if (previous) context.reused.layouts.push(previous);
  onEvent({ type: 'phase', phase: 'move' });
  reportReused(context);
  const { resumed } = file;
  const tally = new TransferTally(previous);
  try {
    await writeBundle(file, tarPlan, writeOptions(context, tally));
    signal.throwIfAborted();
    onEvent({ type: 'phase', phase: 'finish' });
    await file.commit();
  } catch (thrown) {
    const error = diskError(thrown, output);
    if (error instanceof AirgapError && error.code === 'DISK') file.discard();
    if (file.isResumable) onEvent({ type: 'notice', message: resumeNotice(output) });
    throw error;
  }
  return tally.total(resumed, tarPlan.size - bytesToTransfer(tarPlan));
}

function reportReused(context: BuildContext): void {
  const { tarPlan, onEvent } = context;
  const layouts = layoutsOf(context);
  for (const { content } of tarPlan.entries) {
    if (content.bytes !== undefined) continue;
    const { blob } = content;
    const { digest, size } = blob;
    if (layouts.some(layout => layout.contains(blob))) onEvent({ type: 'blob-reused', digest, size });
  }
}

/** Everything on this machine that may have a blob. */
function layoutsOf({ local, reused }: Pick<BuildContext, 'local' | 'reused'>): readonly Layout[] {
  return [...local.layouts, ...reused.layouts];
}

/** A blob comes from a local layout that has it, else from the registry of one of its images. */
function writeOptions(
  { registries, local, reused, onEvent, stop }: BuildContext,
  tally: TransferTally,
): WriteOptions {
  const blobSources = ({ blob, from }: BlobRef) => [
    ...layoutsOf({ local, reused }).filter(layout => layout.contains(blob)),
    ...(local.imageOf(from) ? [] : registries.source(from).sources),
  ];
  return { sourcesOf: blobSources, onEvent, onBytes: tally.add, stop };
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
