import { parseArtifactName } from '../artifact/artifact-name.ts';
import { type PulledBundle, planPulled } from '../artifact/pulled-bundle.ts';
import type { BlobRef } from '../bundle/entry-content.ts';
import { checkTarget } from '../bundle/file/disk.ts';
import { checkParts } from '../bundle/part-plan.ts';
import { bytesToTransfer, writeBundleFile } from '../bundle/write-bundle-file.ts';
import { OpenLayouts, openBlobs } from '../layout/open-layout.ts';
import { AirgapError } from '../model/errors.ts';
import { interruptible } from '../model/interrupted.ts';
import { shownPath } from '../model/path-or-url.ts';
import type { Reference } from '../reference/reference.ts';
import { Registries, type RegistryOptions } from '../registry/registries.ts';
import { type OnEvent, withTime } from '../store/events.ts';
import { parsePartSize } from '../tar/part-size.ts';
import { checkLayout } from '../verify/layout-check.ts';
import type { Problem } from '../verify/problem.ts';
import { checkOptions } from './check-options.ts';
import type { WrittenBundle } from './copy-bundle.ts';

/** The options of {@link pull}. */
export interface PullOptions extends RegistryOptions {
  /** `oci://REGISTRY/REPOSITORY:TAG`, or with a digest. */
  readonly source: string;
  /** The path to write. */
  readonly output: string;
  /** Older bundles or OCI layout directories whose blobs are copied and verified instead of downloaded. */
  readonly reuse?: readonly string[] | undefined;
  /** Write parts of this size, `PATH.001` and so on: `fat32`, `dvd`, `bd`, `cd`, or a size such as `4GiB`. */
  readonly split?: string | undefined;
}

/** A bundle that was pulled. */
export interface PullResult extends WrittenBundle {
  /** Whether it has the bytes of the file that was pushed; false when the registry does not have its record. */
  readonly isExact: boolean;
}

/**
 * Fetches a bundle from a registry, where {@link pushBundle} has stored it, and writes it as a build does: every blob is
 * verified, and an interrupted pull is resumed. It is the pushed file, byte for byte; without the record that was pushed
 * with it, which a copy may leave behind, `manifest.json` and the times may differ.
 *
 * @throws AirgapError `USAGE`, `NOT_FOUND`, `INPUT` when it is not a bundle, `BUNDLE` when its documents are wrong,
 * `CONTENT`, `DISK`, `INTERRUPTED`, and what registries throw
 * @example
 * await pull({ source: 'oci://registry.example.com/bundles/app:1.1', output: 'app-1.1.tar' });
 */
export async function pull(options: PullOptions): Promise<PullResult> {
  checkOptions('pull', options, ['source', 'output']);
  const started = performance.now();
  const name = parseArtifactName(options.source);
  const onEvent = withTime(options.onEvent ?? (() => {}));
  const stopper = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stopper.signal]) : stopper.signal;
  return interruptible(options.signal, async () => {
    const path = await checkTarget(options.output);
    await using registries = await Registries.open({ ...options, signal });
    const source = registries.source(name);
    onEvent({ type: 'phase', phase: 'resolve', host: name.registry });
    const pulled = await planPulled(source, name, onEvent);
    await requireIntact(pulled, name, onEvent);
    const { plan, order, index, isExact } = pulled;
    if (!isExact) reportDerived(name, onEvent);
    const partSize = options.split === undefined ? undefined : parsePartSize(options.split);
    if (partSize !== undefined) checkParts(plan, order, partSize);
    const blobs = plan.entries.filter(({ content }) => content.bytes === undefined).length;
    onEvent({ type: 'planned', images: 0, blobs, bytes: bytesToTransfer(plan), size: plan.size });
    await using reused = await openReused(options, signal, onEvent);
    const having = ({ blob }: Pick<BlobRef, 'blob'>) =>
      reused.layouts.filter(layout => layout.contains(blob));
    const { transferred: _, ...written } = await writeBundleFile(path, plan, {
      sourcesOf: ref => [...having(ref), ...source.sources],
      isReused: blob => having({ blob }).length > 0,
      ...{ signal, partSize, onEvent },
      stop: reason => stopper.abort(reason),
    });
    return { ...written, size: plan.size, digest: index, isExact, elapsed: performance.now() - started };
  });
}

function openReused(
  { reuse = [], ...options }: PullOptions,
  signal: AbortSignal,
  onEvent: OnEvent,
): Promise<OpenLayouts> {
  return OpenLayouts.open(reuse, { ...options, signal }, (path, remote) => {
    const report = ({ message }: AirgapError) =>
      onEvent({
        type: 'notice',
        message: `${shownPath(path)}: ${message}; reusing what can be read of it`,
      });
    return openBlobs(path, report, remote);
  });
}

/** No digest covers what came with the record, but what it must say is known. @throws AirgapError `BUNDLE` */
async function requireIntact({ layout }: PulledBundle, name: Reference, onEvent: OnEvent): Promise<void> {
  const problems: Problem[] = [];
  const { notices } = await checkLayout(layout, problems);
  for (const message of notices) onEvent({ type: 'notice', message });
  const [first] = problems;
  if (first === undefined) return;
  throw new AirgapError('BUNDLE', `invalid or incomplete bundle: ${first.entry ?? name}: ${first.message}`, {
    where: { image: name.toString() },
    hint: 'Push the bundle again.',
  });
}

function reportDerived(name: Reference, onEvent: OnEvent): void {
  const message = `${name} has no record of the file that was pushed: manifest.json lists linux/amd64 where an image has it, and times are 0; the file may differ from the pushed one, its images do not`;
  onEvent({ type: 'notice', message });
}
