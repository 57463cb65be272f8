import { AirgapError } from '../model/errors.ts';
import type { Digest } from '../oci/digest.ts';
import type { Reference } from '../reference/reference.ts';
import type { OnEvent } from '../store/events.ts';
import type { ImageSource } from '../store/image-source.ts';
import type { ImageMapping } from './image-mapping.ts';
import { lookAgain } from './look-again.ts';
import type { TargetOf } from './target-of.ts';

/** What to do when a tag exists with another digest. A tag with the same digest is never pushed again. */
export const ON_EXISTING = ['overwrite', 'skip', 'fail'] as const;
export type OnExisting = (typeof ON_EXISTING)[number];

/** A mapped reference and its state at the target. */
export interface TargetTag {
  readonly mapping: ImageMapping;
  /**
   * - `pushed`   the reference is missing, or has another digest
   * - `present`  the reference already has this digest
   * - `skipped`  the reference has another digest, and must not be overwritten
   */
  readonly state: 'pushed' | 'present' | 'skipped';
  /** The digest that the target returned last. */
  found: Digest | undefined;
}

/** Resolves every mapped reference at the target. @throws AirgapError `INPUT` for tags that must not be overwritten */
export async function resolveTags(
  targetOf: TargetOf,
  mappings: readonly ImageMapping[],
  onExisting: OnExisting,
): Promise<TargetTag[]> {
  const conflicts: AirgapError[] = [];
  const resolveTag = async (mapping: ImageMapping): Promise<TargetTag> => {
    const found = await digestAt(targetOf, mapping.to);
    if (found === mapping.root.digest) return { mapping, found, state: 'present' };
    if (found !== undefined && onExisting === 'fail') conflicts.push(tagExists(mapping, found));
    return { mapping, found, state: found !== undefined && onExisting === 'skip' ? 'skipped' : 'pushed' };
  };
  const tags = await Promise.all(mappings.map(resolveTag));
  if (conflicts.length > 0)
    throw AirgapError.all(conflicts, `${conflicts.length} tags already exist with another digest`);
  return tags;
}

/** Reports once that the target does not say whether tags exist: the push decides. */
export function reportRefusedChecks(
  targetOf: TargetOf,
  tags: readonly TargetTag[],
  onExisting: OnExisting,
  onEvent: OnEvent,
): void {
  const refused = tags.filter(({ mapping: { to } }) => targetOf(to.repository).refusedCheck !== undefined);
  const [first] = refused;
  if (first === undefined) return;
  const { to } = first.mapping;
  const others = refused.length > 1 ? ` and ${refused.length - 1} more` : '';
  const status = targetOf(to.repository).refusedCheck;
  const message = `cannot check whether ${to}${others} exists, as the registry answered ${status}: --on-existing ${onExisting} has no effect there`;
  onEvent({ type: 'notice', message });
}

/**
 * Pushes the tags, each with its manifest. Tags of one repository are pushed one after another: distribution rewrites the
 * manifest for each tag, and rejects an index that refers to it during the write.
 */
export async function putTags(
  targetOf: TargetOf,
  source: ImageSource,
  tags: readonly TargetTag[],
  onEvent: OnEvent = () => {},
): Promise<void> {
  const byRepository = new Map<string, ImageMapping[]>();
  for (const { state, mapping } of tags) {
    if (state !== 'pushed' || mapping.to.tag === undefined) continue;
    const { repository } = mapping.to;
    byRepository.set(repository, [...(byRepository.get(repository) ?? []), mapping]);
  }
  const total = [...byRepository.values()].flat().length;
  let done = 0;
  const putSequentially = async (mappings: readonly ImageMapping[]) => {
    for (const { to, root } of mappings) {
      await targetOf(to.repository).putManifest(await source.manifest(root), to.tag);
      done += 1;
      onEvent({ type: 'step', done, total });
    }
  };
  await Promise.all([...byRepository.values()].map(putSequentially));
}

/** Resolves every pushed reference again. @throws AirgapError `CONTENT` when one does not have the digest of the bundle */
export async function readBackTags(
  targetOf: TargetOf,
  tags: readonly TargetTag[],
  signal: AbortSignal,
  onEvent: OnEvent = () => {},
): Promise<void> {
  let done = 0;
  const pushed = tags.filter(({ state }) => state === 'pushed');
  const readBack = async (tag: TargetTag) => {
    const { to, root } = tag.mapping;
    const isThere = (found: Digest | undefined) => found === root.digest;
    tag.found = await lookAgain(() => digestAt(targetOf, to), isThere, signal);
    if (!isThere(tag.found)) throw unexpectedTag(tag.mapping, tag.found);
    done += 1;
    onEvent({ type: 'step', done, total: pushed.length });
  };
  await Promise.all(pushed.map(readBack));
}

/** The digest that a reference has at the target. */
function digestAt(targetOf: TargetOf, to: Reference): Promise<Digest | undefined> {
  return targetOf(to.repository).digestOf(to.digest ?? to.effectiveTag ?? '');
}

function tagExists({ to, root }: ImageMapping, found: Digest): AirgapError {
  return new AirgapError(
    'INPUT',
    `tag ${to} already exists with digest ${found} (bundle has ${root.digest})`,
    { hint: 'Use --on-existing overwrite or skip, or load under another prefix.' },
  );
}

function unexpectedTag({ to, root }: ImageMapping, found: Digest | undefined): AirgapError {
  const message =
    found === undefined
      ? `the registry accepted ${to} but does not have it: expected ${root.digest}`
      : `digest mismatch for ${to}: expected ${root.digest}, got ${found}`;
  return new AirgapError('CONTENT', message, {
    where: { image: to.toString(), digest: root.digest },
    hint: 'Load again; if it persists, check for other clients that push this tag and for the storage of the registry.',
  });
}
