import { missingImages } from '../kots/write/preflight.ts';
import { releaseOf } from '../kots/write/release.ts';
import { usedImages, YAML } from '../kots/write/used-images.ts';
import type { AirgapFiles } from '../layout/airgap-files.ts';
import { Layout } from '../layout/layout.ts';
import { readName } from '../layout/names.ts';

/** The size limit of a release, packed and unpacked, in bytes: it is read into memory. */
const MAX_SIZE = 32 * 1024 * 1024;

/**
 * Compares the release in a `.airgap` with its images. Charts are not rendered: nothing says that they can be trusted.
 *
 * @returns what KOTS does not report; a delta and an archive without images lack images on purpose
 * @throws AirgapError `INPUT` for a release that is damaged
 */
export async function releaseNotices(files: AirgapFiles, signal: AbortSignal | undefined): Promise<string[]> {
  const { releaseSize: size, location } = files;
  if (size === undefined) return [];
  const names = await new Layout(files).names();
  if (names.length === 0) return [];
  if (size > MAX_SIZE) return [`${location}: the release has ${size} bytes: its images are not compared`];
  const archive = (await files.release()) ?? Buffer.alloc(0);
  const release = await releaseOf(archive, 'app.tar.gz', MAX_SIZE);
  const used = await usedImages({ files: release.files.filter(({ name }) => YAML.test(name)) }, signal);
  const images = names.flatMap(({ name, descriptor: root }) =>
    name === undefined ? [] : [{ name: readName(name, root), root }],
  );
  return missingImages(images, used.names);
}
