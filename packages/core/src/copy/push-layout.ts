import { LayoutContents } from '../bundle/layout-contents.ts';
import type { Layout } from '../layout/layout.ts';
import { missingBase } from '../layout/missing-base.ts';
import { AirgapError } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { OnEvent } from '../store/events.ts';
import { HashPool } from '../store/hash-pool.ts';
import { checkMediaTypes, checkPushed, checkRepositories } from './check-target.ts';
import { findMissing, type MissingBlob, type PushDiff, withMissingManifests } from './find-missing.ts';
import type { ImageMapping } from './image-mapping.ts';
import { addTransfers, type BodySource, expectedTransfers, push, type TransferCounts } from './push.ts';
import { type PushPlan, planPush } from './push-plan.ts';
import { updateReferrers } from './referrers-index.ts';
import {
  type OnExisting,
  putTags,
  readBackTags,
  reportRefusedChecks,
  resolveTags,
  type TargetTag,
} from './tags.ts';
import type { TargetOf } from './target-of.ts';
import { UploadBodies } from './upload-bodies.ts';

/** What is pushed where. */
export interface LayoutPush {
  readonly layout: Layout;
  readonly mappings: readonly ImageMapping[];
  readonly targetOf: TargetOf;
  /** The host of the target. */
  readonly registry: string;
  readonly onExisting: OnExisting;
  readonly dryRun: boolean;
  /** Query also the blobs of images whose manifests the target has. */
  readonly checkBlobs: boolean;
  /** The blobs, if the layout knows them without storing them. */
  readonly bodies?: BodySource | undefined;
  readonly signal: AbortSignal;
  /** Called on every failure, to abort the requests in flight. */
  readonly stop: (reason: unknown) => void;
  readonly onEvent: OnEvent;
}

/** A finished push. */
export interface LayoutPushed extends TransferCounts {
  readonly tags: readonly TargetTag[];
}

/**
 * Pushes the mapped images of a layout: what is missing, then the tags, which are read back.
 *
 * @throws AirgapError `INPUT` for tags that must not be overwritten, and for layers of a delta that are nowhere; `CONTENT`
 * when the layout is damaged or the registry stored something else; and what registries throw
 */
export async function pushLayout(request: LayoutPush): Promise<LayoutPushed> {
  const { mappings, targetOf, registry, onExisting, dryRun, signal, onEvent } = request;
  onEvent({ type: 'phase', phase: 'query', host: registry });
  const tags = await resolveTags(targetOf, mappings, onExisting);
  if (onExisting !== 'overwrite' || dryRun) reportRefusedChecks(targetOf, tags, onExisting, onEvent);
  const transfers = await pushImages(request, tags);
  if (!dryRun) {
    onEvent({ type: 'phase', phase: 'check', host: registry });
    await readBackTags(targetOf, tags, signal, onEvent);
  }
  return { tags, ...transfers };
}

/** Content comes before its tags, so what has arrived does no harm. */
export function interruptedPush(cause: unknown, registry: string): AirgapError {
  return new AirgapError('INTERRUPTED', `interrupted: what ${registry} has received stays there`, {
    hint: 'Run the same command again to resume: it skips what is there.',
    cause,
  });
}

/** Finds missing content and pushes it, unless this is a dry run. */
async function pushImages(request: LayoutPush, tags: readonly TargetTag[]): Promise<TransferCounts> {
  const { layout, targetOf, registry, dryRun, signal, stop, onEvent } = request;
  const pushed = mappingsOf(tags, 'pushed');
  const { plan, found } = await planAndCompare(request, tags);
  const diff = { ...found, blobs: await locateAbsent(layout, targetOf, found.blobs, tags) };
  const expected = expectedTransfers(diff);
  const { blobs, bytes } = expected.uploaded;
  onEvent({ type: 'planned', images: tags.length, blobs, bytes, size: layout.size });
  if (dryRun) {
    await checkRepositories(targetOf, pushed, onEvent);
    return expected;
  }
  await using hashPool = new HashPool(signal);
  const bodies = request.bodies ?? new UploadBodies(layout, hashPool, onEvent);
  const options = { targetOf, source: layout, bodies, onEvent, stop };
  // What a delta does not have can only be mounted: if the registry refuses that, it has received nothing.
  const mounts = diff.blobs.filter(({ blob }) => layout.expects(blob));
  const uploads = diff.blobs.filter(({ blob }) => !layout.expects(blob));
  const mounted = await push({ blobs: mounts, levels: [] }, options);
  if (diff.blobs.length > 0) await checkMediaTypes(targetOf, layout, pushed, diff);
  onEvent({ type: 'phase', phase: 'move', host: registry });
  const transfers = addTransfers(mounted, await push({ ...diff, blobs: uploads }, options));
  onEvent({ type: 'phase', phase: 'check', host: registry });
  // Before the tags: a tag must never point to incomplete content.
  await checkPushed(targetOf, diff, registry, signal, onEvent);
  await updateReferrers(targetOf, plan.referrers);
  onEvent({ type: 'phase', phase: 'tag', host: registry });
  await putTags(targetOf, layout, tags, onEvent);
  return transfers;
}

/** Plans the push and queries what the target has of it. */
async function planAndCompare(
  { layout, targetOf, checkBlobs, onEvent }: LayoutPush,
  tags: readonly TargetTag[],
): Promise<{ plan: PushPlan; found: PushDiff }> {
  const pushed = mappingsOf(tags, 'pushed');
  const present = mappingsOf(tags, 'present');
  const requested = [...pushed, ...present];
  const compare = async (incomplete: readonly ImageMapping[]) => {
    const plan = await planPush(layout, requested, incomplete);
    return { plan, found: await findMissing(targetOf, plan, onEvent) };
  };
  const compared = await compare(checkBlobs ? requested : pushed);
  const damaged = checkBlobs ? [] : await withMissingManifests(layout, present, compared.found);
  return damaged.length === 0 ? compared : compare([...pushed, ...damaged]);
}

function mappingsOf(tags: readonly TargetTag[], wanted: TargetTag['state']): ImageMapping[] {
  return tags.filter(({ state }) => state === wanted).map(({ mapping }) => mapping);
}

/**
 * Finds the layers that a delta leaves to its base: if no repository that needs one has it, another repository of this
 * load may, from which it can be mounted.
 *
 * @throws AirgapError `INPUT` with every layer that is missing
 */
async function locateAbsent(
  layout: Layout,
  targetOf: TargetOf,
  blobs: readonly MissingBlob[],
  tags: readonly TargetTag[],
): Promise<MissingBlob[]> {
  const repositories = [...new Set(tags.map(({ mapping }) => mapping.to.repository))];
  const needed: Descriptor[] = [];
  const locate = async (missing: MissingBlob): Promise<MissingBlob> => {
    const { blob, present } = missing;
    if (!layout.expects(blob) || present.length > 0) return missing;
    for (const repository of repositories)
      if (await targetOf(repository).has(blob)) return { ...missing, present: [repository] };
    needed.push(blob);
    return missing;
  };
  const located = await Promise.all(blobs.map(locate));
  if (needed.length === 0) return located;
  const [registry] = new Set(tags.map(({ mapping }) => mapping.to.registry));
  const contents = await LayoutContents.read(layout);
  const named = needed.map(blob => ({ ...blob, images: contents.imagesOf(blob) }));
  throw missingBase(layout, named, `${registry} does not have ${needed.length === 1 ? 'it' : 'them'}`);
}
