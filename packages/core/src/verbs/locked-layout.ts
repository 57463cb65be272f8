import { bundleEntries } from '../bundle/contents.ts';
import { PlannedFiles } from '../bundle/planned-files.ts';
import { Layout } from '../layout/layout.ts';
import { readLock } from '../lock/read-lock.ts';
import type { Registries } from '../registry/registries.ts';
import { pinnedReferrers } from '../resolve/pinned-referrers.ts';
import { resolveAll } from '../resolve/resolve-all.ts';
import { planTar } from '../tar/plan.ts';
import { type PlatformOptions, platformsOf } from './platform-choice.ts';
import { imagesOf, pinnedNames } from './resolved-plan.ts';

/**
 * The bundle that a build with a lock has written, as a layout: its manifests are fetched by digest, its layers are only
 * known.
 *
 * @throws AirgapError `INPUT` for the lock, `NOT_FOUND` with the positions of images that their registries no longer have
 */
export async function lockedLayout(
  path: string,
  registries: Registries,
  { imagePlatforms }: Pick<PlatformOptions, 'imagePlatforms'>,
): Promise<Layout> {
  const lock = await readLock(path);
  const { platforms } = lock;
  const requests = lock.images.map(image => ({
    reference: image.reference,
    positions: [image.position],
    pin: image,
  }));
  const sourceOf = registries.source.bind(registries);
  const choice = platformsOf({ platforms, imagePlatforms });
  const images = imagesOf(await resolveAll(sourceOf, requests, choice, undefined));
  const referrers = await pinnedReferrers(sourceOf, requests.flatMap(pinnedNames));
  return new Layout(new PlannedFiles(planTar(bundleEntries([...images, ...referrers])), path));
}
