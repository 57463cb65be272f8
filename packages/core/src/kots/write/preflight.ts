import type { NamedImage } from '../../layout/names.ts';
import { AirgapError } from '../../model/errors.ts';
import type { AirgapSpec } from '../airgap-document.ts';
import type { Release } from './release.ts';
import { namesInSpecs, pushedName, type SavedImage } from './saved-image.ts';

/** The oldest KOTS that reads the format `docker`. */
const MIN_KOTS = '1.82.0';

/** What is checked before anything is written. */
export interface Preflight {
  readonly images: readonly SavedImage[];
  /** Images that the customer has already. */
  readonly omitted: readonly SavedImage[];
  readonly spec: AirgapSpec;
  /** The release that is installed; undefined for images only. */
  readonly release: Release | undefined;
  /** The canonical names of the images that the release uses, of a tag and a digest only the digest. */
  readonly used: readonly string[];
  /** The charts of the release whose images are not known, each with the reason. */
  readonly notRendered: readonly string[];
}

/** Returns everything that KOTS would reject, or lose without a message. */
export function findProblems({ images, spec, release }: Preflight): AirgapError[] {
  return [...collisions(images), ...nestedIndexes(images), ...releaseProblems(spec, release)];
}

/** Returns what KOTS changes, and what it does not report. */
export function findWarnings({ images, omitted, spec, release, used, notRendered }: Preflight): string[] {
  return [
    ...images.flatMap(imageWarnings),
    ...(release && spec.signature === undefined
      ? [
          'no signature: KOTS before 1.129.1 will refuse to install this; take it from an earlier one with --previous',
        ]
      : []),
    ...missingImages([...images, ...omitted], used),
    ...notRendered,
  ];
}

/** Two images with one last path component and one tag: KOTS pushes both to the same name. */
function collisions(images: readonly SavedImage[]): AirgapError[] {
  const byTarget = new Map<string, SavedImage>();
  const problems: AirgapError[] = [];
  for (const image of images) {
    const { tag } = pushedName(image.name);
    if (tag === undefined) continue;
    const target = `${image.repository}:${tag}`;
    const other = byTarget.get(target);
    if (other && other.root.digest !== image.root.digest)
      problems.push(
        problem(
          `${other.name} and ${image.name} are both ${target} once KOTS has pushed them`,
          image,
          'Rename one of them, or refer to one by digest.',
        ),
      );
    byTarget.set(target, other ?? image);
  }
  return problems;
}

function nestedIndexes(images: readonly SavedImage[]): AirgapError[] {
  return images
    .filter(({ hasNestedIndex }) => hasNestedIndex)
    .map(image =>
      problem(
        'KOTS cannot push an index inside an index',
        image,
        'Push the image again with one index, or leave it out.',
      ),
    );
}

function releaseProblems({ channelID }: AirgapSpec, release: Release | undefined): AirgapError[] {
  if (!release) return [];
  const problems: AirgapError[] = [];
  if (!channelID)
    problems.push(
      new AirgapError('INPUT', 'the channel ID is missing: KOTS installs only for a channel of the license', {
        hint: 'Pass --channel-id; replicated channel ls prints it.',
      }),
    );
  const { minKotsVersion } = release;
  if (minKotsVersion !== undefined && compareVersions(minKotsVersion, MIN_KOTS) < 0)
    problems.push(
      new AirgapError(
        'INPUT',
        `minKotsVersion is ${minKotsVersion}, but KOTS reads this format from ${MIN_KOTS} on`,
        {
          where: { path: release.path },
          hint: `Set spec.minKotsVersion of the Application to ${MIN_KOTS} or later.`,
        },
      ),
    );
  return problems;
}

function imageWarnings({ name, uncompressed, hasAttestations }: SavedImage): string[] {
  const warnings: string[] = [];
  const [layer] = uncompressed;
  if (layer && name.digest === undefined)
    warnings.push(
      `${name}: layer ${layer.digest} is not compressed: KOTS compresses it, which changes the digest of the image`,
    );
  if (name.digest !== undefined && name.tag !== undefined)
    warnings.push(`${name}: KOTS pushes it by its digest alone, without the tag ${name.tag}`);
  if (hasAttestations) warnings.push(`${name}: has attestations, which KOTS pushes along`);
  return warnings;
}

/** Images that the release uses and the bundle lacks: KOTS installs without a message. */
export function missingImages(images: readonly NamedImage[], used: readonly string[]): string[] {
  const names = new Set(images.flatMap(namesInSpecs));
  const missing = used.filter(image => !names.has(image));
  return missing.map(
    image => `${image} is used by the release, but is not in the bundle; KOTS does not report this`,
  );
}

function problem(message: string, { name }: SavedImage, hint: string): AirgapError {
  return new AirgapError('INPUT', message, { where: { image: name.toString() }, hint });
}

/** Compares versions by their numbers, as semver does; suffixes are ignored. */
function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map(numbersOf);
  for (const at of [0, 1, 2]) {
    const difference = (left?.[at] ?? 0) - (right?.[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function numbersOf(version: string): number[] {
  const [core = ''] = version.replace(/^v/, '').split(/[-+]/, 1);
  return core.split('.').map(Number);
}
