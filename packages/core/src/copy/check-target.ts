import { AirgapError, isInterrupted } from '../model/errors.ts';
import type { OnEvent } from '../store/events.ts';
import type { ImageSource } from '../store/image-source.ts';
import { findMissing, type PushDiff } from './find-missing.ts';
import type { ImageMapping } from './image-mapping.ts';
import { lookAgain } from './look-again.ts';
import type { TargetOf } from './target-of.ts';

/** Registries in which a repository must be created before the first push. */
const ECR = /^public\.ecr\.aws$|\.dkr\.ecr[.-].*\.amazonaws\.com(?:\.cn)?$/;
/** How many missing repositories a notice names. */
const MAX_NAMED = 3;

/**
 * Checks that the target accepts the media types of the images, before any layer is uploaded: it gets one manifest of
 * each type first. A registry that misses the blobs of that manifest rejects it, which does not matter.
 *
 * @throws AirgapError `UNSUPPORTED` for a type that it refuses
 */
export async function checkMediaTypes(
  targetOf: TargetOf,
  source: ImageSource,
  mappings: readonly ImageMapping[],
  { levels }: Pick<PushDiff, 'levels'>,
): Promise<void> {
  const children = levels.flat().flatMap(({ descriptor, repositories }) => {
    const [repository] = repositories;
    return repository === undefined ? [] : [{ descriptor, repository }];
  });
  const roots = mappings.map(({ root, to }) => ({ descriptor: root, repository: to.repository }));
  const byType = new Map([...children, ...roots].map(manifest => [manifest.descriptor.mediaType, manifest]));
  const check = async ({ descriptor, repository }: (typeof roots)[number]) => {
    const target = targetOf(repository);
    try {
      await target.checkMediaType?.(await source.manifest(descriptor));
    } catch (error) {
      // Everything else will occur again, with retries, when the manifest is pushed.
      if (isInterrupted(error) || (error as AirgapError).code === 'UNSUPPORTED') throw error;
    }
  };
  await Promise.all([...byType.values()].map(check));
}

/**
 * Reports the repositories that do not exist yet; most registries create them on a push.
 *
 * @throws AirgapError `NOT_FOUND` for a registry that does not
 */
export async function checkRepositories(
  targetOf: TargetOf,
  mappings: readonly ImageMapping[],
  onEvent: OnEvent,
): Promise<void> {
  const repositories = [...new Set(mappings.map(({ to }) => to.repository))];
  const errors = await Promise.all(
    repositories.map(async repository => (await targetOf(repository).lacksRepository?.()) ?? []),
  );
  const missing = errors.flat();
  const [first] = missing;
  if (first === undefined) return;
  const { host = 'the registry' } = first.where;
  if (ECR.test(host) || /does not exist in the registry/.test(first.message))
    throw AirgapError.all(missing, `${missing.length} repositories do not exist at ${host}`);
  const names = missing.slice(0, MAX_NAMED).map(({ where }) => where.image);
  const others = missing.length > MAX_NAMED ? ` and ${missing.length - MAX_NAMED} more` : '';
  const message = `${names.join(', ')}${others}: no such repository yet; create it first if ${host} does not create repositories on a push`;
  onEvent({ type: 'notice', message });
}

/** Checks that the registry has everything that it accepted. @throws AirgapError `CONTENT` */
export async function checkPushed(
  targetOf: TargetOf,
  diff: PushDiff,
  registry: string,
  signal: AbortSignal,
): Promise<void> {
  let missing = diff;
  const look = async () => {
    const blobs = missing.blobs.map(({ blob, missing: repositories }) => ({ blob, repositories }));
    missing = await findMissing(targetOf, { blobs, levels: missing.levels });
    return [
      ...missing.blobs.map(({ blob }) => blob),
      ...missing.levels.flat().map(({ descriptor }) => descriptor),
    ];
  };
  const [lost] = await lookAgain(look, ({ length }) => length === 0, signal);
  if (lost === undefined) return;
  throw new AirgapError('CONTENT', 'the registry accepted this digest but does not have it', {
    where: { digest: lost.digest, host: registry },
    hint: `Load again; if it persists, check the storage of ${registry}.`,
  });
}
