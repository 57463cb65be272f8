import { selectImages } from '../bundle/select.ts';
import { mapImages } from '../copy/image-mapping.ts';
import type { TransferCount } from '../copy/push.ts';
import { interruptedPush, pushLayout } from '../copy/push-layout.ts';
import type { OnExisting, TargetTag } from '../copy/tags.ts';
import type { TargetOf } from '../copy/target-of.ts';
import { openLayout, refuseAirgapBase } from '../layout/open-layout.ts';
import { interruptible } from '../model/interrupted.ts';
import { absolutePath } from '../model/path-or-url.ts';
import { Reference } from '../reference/reference.ts';
import { type Naming, parseTargetLocation } from '../reference/relocation.ts';
import { Registries, type RegistryOptions } from '../registry/registries.ts';
import { isRuntimeTarget, type RuntimeTarget } from '../runtime/target.ts';
import { requireSigned, type SignatureOptions } from '../signing/bundle-checksums.ts';
import type { ImageSignature, SignatureRule } from '../signing/image-policy.ts';
import { requireImageSignatures } from '../signing/layout-images.ts';
import { withTime } from '../store/events.ts';
import { checkOptions } from './check-options.ts';
import { type LoadRuntimeResult, loadRuntime } from './load-runtime.ts';

export interface LoadOptions extends RegistryOptions, SignatureOptions {
  /** Path of the bundle. */
  readonly bundle: string;
  /** Layouts that have the layers that a delta leaves to its base. The target may have them as well. */
  readonly base?: readonly string[] | undefined;
  /** `REGISTRY[/PREFIX]`, or a runtime: `docker:`, `podman:`, `containerd:[NAMESPACE]`. */
  readonly target: string;
  /** Default `path`. */
  readonly naming?: Naming | undefined;
  /** Names to load, `*` matches any characters; all names when omitted. */
  readonly images?: readonly string[] | undefined;
  /** What to do when a tag exists with another digest. Default `overwrite`. */
  readonly onExisting?: OnExisting | undefined;
  /** Report what would be pushed, and push nothing. */
  readonly dryRun?: boolean | undefined;
  /** Query also the blobs of images whose manifests the target has: a registry may have lost one. */
  readonly checkBlobs?: boolean | undefined;
  /** Which key must have signed which images. */
  readonly signatures?: readonly SignatureRule[] | undefined;
}

/** The outcome of a load for one name of the bundle. */
export interface LoadedImage {
  readonly name: string;
  /** The reference at the target. */
  readonly destination: string;
  /** The digest that the name has in the bundle. */
  readonly digest: string;
  /** The digest that the target returns for the reference after the load; undefined when it does not exist. */
  readonly found: string | undefined;
  /**
   * - `pushed`   the reference was missing, or had another digest
   * - `present`  the reference already had this digest
   * - `skipped`  the reference has another digest, and `onExisting` is `skip`
   */
  readonly state: 'pushed' | 'present' | 'skipped';
}

/** The outcome of a load. */
export interface LoadResult {
  /** Absolute path of the bundle. */
  readonly path: string;
  readonly target: string;
  readonly dryRun: boolean;
  /** The images that the policy for signatures is about; empty without one. */
  readonly signatures: readonly ImageSignature[];
  readonly images: readonly LoadedImage[];
  /** Blobs that were uploaded, or would be in a dry run. */
  readonly uploaded: TransferCount;
  /** Blobs that were mounted from another repository of the registry, or would be in a dry run. */
  readonly mounted: TransferCount;
  /** In ms. */
  readonly elapsed: number;
}

/**
 * Loads a bundle into a registry ({@link loadRegistry}) or a container runtime ({@link loadRuntime}).
 *
 * @throws AirgapError as those
 */
export function load(options: LoadOptions & { readonly target: RuntimeTarget }): Promise<LoadRuntimeResult>;
/** A `target` that is typed as any string may be either. */
export function load<Target extends string>(
  options: LoadOptions & { readonly target: Target },
): Promise<string extends Target ? LoadResult | LoadRuntimeResult : LoadResult>;
export async function load(options: LoadOptions): Promise<LoadResult | LoadRuntimeResult> {
  checkOptions('load', options, ['bundle', 'target']);
  return isRuntimeTarget(options.target) ? loadRuntime(options) : loadRegistry(options);
}

/**
 * Pushes a bundle to a registry, straight from the file. Content that already exists is skipped, and each missing
 * blob is uploaded once and mounted into other repositories. A registry stores a manifest after its blobs: those of an
 * image that the target has by its name, with all its manifests, are not queried unless `checkBlobs` is set. Tags are pushed last, after the registry has confirmed
 * every digest, and are then read back.
 *
 * @throws AirgapError `INPUT` for names that collide, tags that must not be overwritten, and a delta of which a layer is
 * neither at the target nor in its base (nothing is pushed then); `USAGE`, `BUNDLE`,
 * `CONTENT` when the bundle is damaged, not signed by `publicKey`, or the registry stored something else, `INTERRUPTED`,
 * and what registries
 * throw
 */
export async function loadRegistry(options: LoadOptions): Promise<LoadResult> {
  checkOptions('loadRegistry', options, ['bundle', 'target']);
  const started = performance.now();
  const stopper = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stopper.signal]) : stopper.signal;
  const location = parseTargetLocation(options.target);
  return interruptible(
    options.signal,
    async () => {
      await using layout = await openLayout(options.bundle, { ...options, signal });
      if (layout.form === 'airgap') refuseAirgapBase(layout.path, options.base);
      const { onExisting = 'overwrite', dryRun = false, checkBlobs = false } = options;
      const onEvent = withTime(options.onEvent ?? (() => {}));
      await requireSigned(layout, options.bundle, options, onEvent);
      const signatures = await requireImageSignatures(layout, options.signatures);
      onEvent({ type: 'phase', phase: 'read' });
      const names = await selectImages(layout, options.images);
      const mappings = mapImages(names, { naming: options.naming ?? 'path', target: location });
      await using registries = await Registries.open({ ...options, signal });
      const targetOf: TargetOf = repository =>
        registries.target(Reference.inRepository(location.registry, repository));
      const stop = (reason: unknown) => stopper.abort(reason);
      const { tags, ...transfers } = await pushLayout({
        ...{ layout, mappings, targetOf, registry: location.registry },
        ...{ onExisting, dryRun, checkBlobs, signal, stop, onEvent },
      });
      return {
        path: absolutePath(options.bundle),
        target: options.target,
        dryRun,
        signatures,
        images: tags.map(toLoadedImage),
        ...transfers,
        elapsed: performance.now() - started,
      };
    },
    cause => interruptedPush(cause, location.registry),
  );
}

/** The outcome of one tag. */
export function toLoadedImage({ mapping: { name, to, root }, state, found }: TargetTag): LoadedImage {
  return { name: name.toString(), destination: to.toString(), digest: root.digest, found, state };
}
