import { parseArtifactName } from '../artifact/artifact-name.ts';
import { bundleArtifact } from '../artifact/bundle-artifact.ts';
import { StoredBundle } from '../bundle/stored-bundle.ts';
import type { TransferCounts } from '../copy/push.ts';
import { interruptedPush, pushLayout } from '../copy/push-layout.ts';
import type { OnExisting, TargetTag } from '../copy/tags.ts';
import { AirgapError } from '../model/errors.ts';
import { interruptible } from '../model/interrupted.ts';
import { absolutePath } from '../model/path-or-url.ts';
import { Reference } from '../reference/reference.ts';
import { Registries, type RegistryOptions } from '../registry/registries.ts';
import { withTime } from '../store/events.ts';
import { checkOptions } from './check-options.ts';

/** The options of {@link pushBundle}. */
export interface PushBundleOptions extends RegistryOptions {
  /** The path of a bundle, or of its first part. */
  readonly bundle: string;
  /** `oci://REGISTRY/REPOSITORY:TAG`. */
  readonly target: string;
  /** What to do when the tag exists with another digest. Default `overwrite`. */
  readonly onExisting?: OnExisting | undefined;
  /** Report what would be pushed, and push nothing. */
  readonly dryRun?: boolean | undefined;
}

/** The outcome of a push of a bundle. */
export interface PushBundleResult extends TransferCounts {
  /** Absolute path of the bundle. */
  readonly path: string;
  readonly target: string;
  readonly dryRun: boolean;
  /** The digest of its `index.json`, which the tag points to. */
  readonly digest: string;
  /** The digest that the registry returns for the tag after the push; undefined when it does not exist. */
  readonly found: string | undefined;
  readonly state: TargetTag['state'];
  /** In ms. */
  readonly elapsed: number;
}

/**
 * Stores a bundle in one repository of a registry: every blob once, and its `index.json` as the index that the tag points
 * to. What a registry has from an older bundle is skipped. `pull` makes the same file of it again.
 *
 * @throws AirgapError `USAGE` for the name, `INPUT` when no build wrote the bundle, or it is a delta; `UNSUPPORTED` when
 * its index is larger than registries accept, `CONTENT`, `INTERRUPTED`, and what registries throw
 * @example
 * await pushBundle({ bundle: 'app-1.1.tar', target: 'oci://registry.example.com/bundles/app:1.1' });
 */
export async function pushBundle(options: PushBundleOptions): Promise<PushBundleResult> {
  checkOptions('pushBundle', options, ['bundle', 'target']);
  const started = performance.now();
  const { bundle, target, onExisting = 'overwrite', dryRun = false } = options;
  const name = parseArtifactName(target);
  if (name.tag === undefined || name.digest !== undefined) throw needsTag(target);
  const stopper = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stopper.signal]) : stopper.signal;
  return interruptible(
    options.signal,
    async () => {
      await using stored = await StoredBundle.open(bundle);
      if (stored.layout.form === 'delta') throw isDelta(bundle);
      const { layout, index, record } = await bundleArtifact(stored);
      await using registries = await Registries.open({ ...options, signal });
      const { registry } = name;
      const { tags, ...transfers } = await pushLayout({
        layout,
        // The tag comes last, so that it never points to a bundle without its record.
        mappings: [
          { name, root: index, to: name },
          { name, root: record, to: name.withDigest(record.digest) },
        ],
        targetOf: repository => registries.target(Reference.inRepository(registry, repository)),
        ...{ registry, onExisting, dryRun, checkBlobs: false, signal },
        stop: reason => stopper.abort(reason),
        onEvent: withTime(options.onEvent ?? (() => {})),
      });
      const [{ state, found }] = tags as [TargetTag];
      return {
        ...{ path: absolutePath(bundle), target, dryRun, digest: index.digest, state, found },
        ...transfers,
        elapsed: performance.now() - started,
      };
    },
    cause => interruptedPush(cause, name.registry),
  );
}

function needsTag(target: string): AirgapError {
  return new AirgapError('USAGE', `a bundle is pushed to a tag: ${JSON.stringify(target)}`, {
    hint: 'Write it as oci://REGISTRY/REPOSITORY:TAG.',
  });
}

function isDelta(path: string): AirgapError {
  return new AirgapError('INPUT', 'a delta is not pushed', {
    where: { path },
    hint: 'Push the complete bundle: a registry takes only the layers that it lacks.',
  });
}
