import { planDelta } from '../bundle/delta-plan.ts';
import type { BundlePlan } from '../bundle/entry-content.ts';
import { amountOf, type BlobAmount } from '../layout/blob-usage.ts';
import { OpenLayouts, openLayout } from '../layout/open-layout.ts';
import { LocalSources } from '../local/local-sources.ts';
import { isLock } from '../lock/is-lock.ts';
import { isObjectUrl } from '../objects/s3/object-url.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import type { Registries } from '../registry/registries.ts';
import { requireSignatures } from '../signing/image-policy.ts';
import { withTime } from '../store/events.ts';
import type { BuildOptions } from './build.ts';
import { writesAirgap } from './build-airgap.ts';
import { lockedLayout } from './locked-layout.ts';
import { type PlanResult, planResult, resolvedPlanOf } from './plan.ts';
import { openLocal, type ResolvedPlan, readRequests, rejectFindings, resolvePlan } from './resolved-plan.ts';

/** What a build will write. */
export interface PlannedBuild extends AsyncDisposable {
  readonly plan: PlanResult;
  /** The bundle, or the delta. */
  readonly tarPlan: BundlePlan;
  /** The digest of its `index.json`. */
  readonly digest: Digest;
  readonly order: ResolvedPlan['order'];
  /** What a delta leaves to its bases. */
  readonly missing?: BlobAmount | undefined;
  /** Open: its blobs are copied. */
  readonly local: LocalSources;
}

/** Opens the older bundles of a delta; of a lock, only what follows from its digests. */
export function openBases(registries: Registries, options: BuildOptions): Promise<OpenLayouts> {
  return OpenLayouts.open(options.deltaFrom ?? [], options, async (path, remote) =>
    (await isLock(path)) ? lockedLayout(path, registries, options) : openLayout(path, remote),
  );
}

/**
 * Takes the given plan, or makes one, and that of a delta if there are bases.
 *
 * @throws AirgapError `SIGNATURE` when an image lacks a required one, `FINDINGS` when strict, and what reading and
 * resolving throw
 */
export async function planBuild(
  registries: Registries,
  { layouts }: OpenLayouts,
  options: BuildOptions,
): Promise<PlannedBuild> {
  const { resolved, local } = await resolveBuild(registries, options);
  const dispose = () => local[Symbol.asyncDispose]();
  try {
    const plan = planResult(resolved);
    requireSignatures(plan.signatures);
    const { tarPlan, order } = resolved;
    const digest = indexDigest(tarPlan);
    const planned = { plan, tarPlan, digest, order, local, [Symbol.asyncDispose]: dispose };
    if (layouts.length === 0 || writesAirgap(options)) return planned;
    const delta = await planDelta({ plan: tarPlan, order, index: digest }, layouts);
    return { ...planned, tarPlan: delta.plan, missing: amountOf(delta.recipe.missing) };
  } catch (error) {
    await dispose();
    throw error;
  }
}

interface ResolvedBuild {
  readonly resolved: ResolvedPlan;
  readonly local: LocalSources;
}

/** Takes the given plan, or makes one. @throws AirgapError `FINDINGS` when strict */
async function resolveBuild(registries: Registries, options: BuildOptions): Promise<ResolvedBuild> {
  const { plan, specs = [], strict, onEvent, signal } = options;
  const isFile = typeof options.output === 'string' && !isObjectUrl(options.output);
  const output = isFile ? options.output : undefined;
  if (plan) {
    if (strict) rejectFindings(plan.findings);
    const resolved = resolvedPlanOf(plan);
    const request = { ...resolved.local, output, signal, onEvent: withTime(onEvent) };
    return { resolved, local: await LocalSources.open(request) };
  }
  const requests = await readRequests({ ...options, specs });
  if (strict) rejectFindings(requests.findings);
  const local = await openLocal(requests, { ...options, specs }, output);
  try {
    const resolved = await resolvePlan({ registries, local }, requests, { ...options, specs });
    if (strict) rejectFindings(resolved.findings);
    return { resolved, local };
  } catch (error) {
    await local[Symbol.asyncDispose]();
    throw error;
  }
}

function indexDigest({ entries }: BundlePlan): Digest {
  const index = entries.find(({ name }) => name === 'index.json');
  return digestOf(index?.content.bytes ?? Buffer.alloc(0));
}
