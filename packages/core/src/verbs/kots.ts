import { resolve } from 'node:path';
import { checkTarget } from '../bundle/file/disk.ts';
import { OpenLayouts, openLayout, refuseUrl } from '../layout/open-layout.ts';
import { interruptible } from '../model/interrupted.ts';
import { type OnTimedEvent, withTime } from '../store/events.ts';
import { checkConflicts } from './check-conflicts.ts';
import { checkOptions } from './check-options.ts';
import { type AirgapFields, type WrittenAirgap, writeAirgap } from './write-airgap.ts';

/** The options of {@link kots}. */
export interface KotsOptions extends AirgapFields {
  /** The path of a bundle, of an OCI archive of another tool, or of an OCI layout directory. */
  readonly bundle: string;
  /** The path of the `.airgap` to write. */
  readonly output: string;
  /** Writes no images: for a registry that has them already. */
  readonly metadataOnly?: boolean | undefined;
  /** A bundle or `.airgap` that the customer has pushed: layers that it has in the same repository are left out. */
  readonly delta?: string | undefined;
  /** The mtime of all entries, in seconds since 1970. Default 0. */
  readonly sourceDateEpoch?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnTimedEvent | undefined;
}

/** The outcome of {@link kots}. Sizes are bytes. */
export interface KotsResult extends WrittenAirgap {
  /** Absolute path of the archive. */
  readonly path: string;
  readonly size: number;
  /** In ms. */
  readonly elapsed: number;
}

/**
 * Writes KOTS's own airgap bundle from a bundle, in one pass. What KOTS would reject, or lose without a message, is
 * reported before anything is written.
 *
 * @throws AirgapError `INPUT` with every problem, `USAGE`, `BUNDLE`, `CONTENT`, `DISK`, `INTERRUPTED`
 * @example
 * await kots({ bundle: 'app.tar', output: 'app.airgap', release: 'manifests', channelId: '1vusIYZLAVxMG6q760OJmRKj5i5' });
 */
export async function kots(options: KotsOptions): Promise<KotsResult> {
  checkOptions('kots', options, ['bundle', 'output']);
  const started = performance.now();
  return interruptible(options.signal, async () => {
    const { bundle, release, previous: older, delta, output } = options;
    const path = await checkTarget(output);
    await checkConflicts(
      path,
      [bundle, release, older, delta].filter(input => input !== undefined),
    );
    for (const input of [bundle, delta].filter(input => input !== undefined)) refuseUrl(input);
    const onEvent = withTime(options.onEvent);
    onEvent?.({ type: 'phase', phase: 'read' });
    await using layout = await openLayout(bundle, options);
    await using bases = await OpenLayouts.open(delta === undefined ? [] : [delta], options);
    const [base] = bases.layouts;
    const { size, ...written } = await writeAirgap(
      { layout, path, base, omitsImages: options.metadataOnly, sourcesOf: () => [layout] },
      { ...options, onEvent },
    );
    return { path: resolve(output), size, ...written, elapsed: performance.now() - started };
  });
}
