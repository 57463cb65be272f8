import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Spec } from '../../input/model/spec.ts';
import { readSpec } from '../../input/read-input.ts';
import { toReference } from '../../input/references.ts';
import { usedReference } from '../../input/requests.ts';
import { AirgapError } from '../../model/errors.ts';
import type { Reference } from '../../reference/reference.ts';
import type { Release, ReleaseFile } from './release.ts';
import { pushedName } from './saved-image.ts';

export const YAML = /\.ya?ml$/;
const CHART = /\.(?:tgz|tar\.gz)$/;

/** The images that a release needs. */
export interface UsedImages {
  /** In canonical form, of a tag and a digest only the digest. Templates are known only at install. */
  readonly names: readonly string[];
  /** Why the images of a chart are not known. */
  readonly notRendered: readonly string[];
}

/**
 * Finds the images that a release uses: those of its manifests, and of its charts as helm renders them with the
 * `builder` values, as Replicated does.
 *
 * @throws AirgapError `INTERRUPTED`
 */
export async function usedImages(
  { files }: Pick<Release, 'files'>,
  signal?: AbortSignal,
): Promise<UsedImages> {
  const texts = files.filter(({ name }) => YAML.test(name)).map(toText);
  const charts = files.filter(({ name }) => CHART.test(name));
  if (texts.length + charts.length === 0) return { names: [], notRendered: [] };
  // helm reads charts from files.
  const folder = await mkdtemp(join(tmpdir(), 'airgap-release-'));
  try {
    const paths = new Map<string, string>();
    for (const [at, { name, content }] of charts.entries()) {
      const path = join(folder, `${at}.tgz`);
      await writeFile(path, content);
      paths.set(path, name);
    }
    const spec = await readSpec({ specs: [...texts, ...paths.keys()], signal });
    return { names: namesOf(spec), notRendered: spec.renderErrors.map(error => reasonOf(error, paths)) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function toText({ name, content }: ReleaseFile) {
  return { file: name, text: content.toString('utf8') };
}

function namesOf({ listed, used, excluded }: Spec): string[] {
  const references = [
    ...listed.map(image => orUndefined(() => toReference(image, {}))),
    ...used.filter(({ image }) => !image.templated).map(image => orUndefined(() => usedReference(image))),
  ];
  const names = references.flatMap(name =>
    name && !excluded.matches(name) ? [pushedName(name).toString()] : [],
  );
  return [...new Set(names)];
}

/** An invalid name is reported when the images are built. */
function orUndefined(find: () => Reference): Reference | undefined {
  try {
    return find();
  } catch (error) {
    if (error instanceof AirgapError) return undefined;
    throw error;
  }
}

function reasonOf({ message, where }: AirgapError, paths: ReadonlyMap<string, string>): string {
  const file = where.position?.file ?? '';
  return `${paths.get(file) ?? file}: ${message}; its images are not compared with the bundle`;
}
