import type { ImageMapping } from '../copy/image-mapping.ts';
import type { Layout } from '../layout/layout.ts';
import type { NamedImage } from '../layout/names.ts';
import { formatBytes } from '../model/bytes.ts';
import { AirgapError } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { RawManifest } from '../oci/manifest.ts';
import { type AttestedImage, findAttestations } from './attestations.ts';
import { describeLayer, findLargeLayers, type LargeLayer } from './large-layers.ts';
import { pushMappings, untagged } from './push-mappings.ts';
import type { PushTarget } from './push-target.ts';

/** From which part of the limit on a layer is reported. */
const NEAR = 0.9;
const WITHOUT_ATTESTATIONS = 'docker buildx build --provenance=false --sbom=false';

export interface PreflightOptions {
  readonly layout: Layout;
  readonly images: readonly NamedImage[];
  readonly target: PushTarget;
  /** Whether attestations are left out. */
  readonly dropAttestations: boolean;
  /** The size of the largest layer that the target takes, in bytes. */
  readonly maxLayer: number;
  /** Whether a repository of the target has a blob: it need not be uploaded then. */
  readonly has: (blob: Descriptor, repository: string) => Promise<boolean>;
}

/** What may be pushed. */
export interface Preflight {
  /** With the indexes that replace others. */
  readonly layout: Layout;
  readonly mappings: readonly ImageMapping[];
  /** What the user should know. */
  readonly notices: readonly string[];
}

/**
 * Checks everything that is known before the first byte is sent.
 *
 * @throws AirgapError `INPUT` with every problem, `USAGE`; what `has` throws
 */
export async function preflight(options: PreflightOptions): Promise<Preflight> {
  const { target, maxLayer } = options;
  const checked = await checkAttestations(options);
  const layout = checked.added.length === 0 ? options.layout : options.layout.withManifests(checked.added);
  const mappings = pushMappings(checked.images, target);
  const problems = [...checked.problems, ...(target.isReplicated ? untagged(mappings).map(hasNoTag) : [])];
  const near = Number.isFinite(maxLayer) ? await findLargeLayers(layout, mappings, maxLayer * NEAR) : [];
  const large = await missingLayers(
    near.filter(({ blob }) => blob.size >= maxLayer),
    problems.length > 0 ? undefined : options.has,
  );
  problems.push(...large.map(layer => tooLarge(layer, maxLayer)));
  if (problems.length > 0)
    throw AirgapError.all(
      problems,
      `${target.location.registry} does not take this push: ${problems.length} problems`,
    );
  return {
    layout,
    mappings,
    notices: [...checked.notices, ...near.map(layer => nearLimit(layer, maxLayer))],
  };
}

interface CheckedImages {
  readonly images: NamedImage[];
  readonly added: RawManifest[];
  readonly problems: AirgapError[];
  readonly notices: string[];
}

/** Finds attestations, and leaves them out where that is wanted and possible. */
async function checkAttestations(options: PreflightOptions): Promise<CheckedImages> {
  const { layout, target, dropAttestations } = options;
  const checked: CheckedImages = { images: [], added: [], problems: [], notices: [] };
  const found = new Map<string, AttestedImage | undefined>();
  for (const image of options.images) {
    const { digest } = image.root;
    if (!found.has(digest)) found.set(digest, await findAttestations(layout, image.root));
    const attested = found.get(digest);
    if (attested && dropAttestations) drop(image, attested, checked);
    else checked.images.push(image);
    if (attested && !dropAttestations && target.isReplicated)
      checked.problems.push(isAttested(image, attested, target.location.registry));
  }
  return checked;
}

function drop(image: NamedImage, { rest, attestations }: AttestedImage, checked: CheckedImages): void {
  const problem = isPinned(image) ? pinned(image) : rest === undefined && onlyAttestations(image);
  if (problem || rest === undefined) {
    if (problem) checked.problems.push(problem);
    checked.images.push(image);
    return;
  }
  checked.images.push({ ...image, root: rest.root });
  checked.added.push(...rest.added);
  checked.notices.push(
    `${image.name}: left out ${attestations} attestations: ${rest.root.digest} instead of ${image.root.digest}`,
  );
}

function isPinned({ name }: NamedImage): boolean {
  return name.digest !== undefined;
}

/** The layers that no repository at the target has yet; all of them if that cannot be said. */
async function missingLayers(
  layers: readonly LargeLayer[],
  has: PreflightOptions['has'] | undefined,
): Promise<LargeLayer[]> {
  const missing: LargeLayer[] = [];
  for (const layer of layers) if (!(await has?.(layer.blob, layer.repository))) missing.push(layer);
  return missing;
}

function isAttested(image: NamedImage, attested: AttestedImage, host: string): AirgapError {
  return new AirgapError('INPUT', `${image.name} has attestations, which ${host} rejects with status 400`, {
    where: { digest: image.root.digest },
    hint: attestationHint(image, attested),
  });
}

function attestationHint(image: NamedImage, { rest }: AttestedImage): string {
  if (isPinned(image) || rest === undefined) return pinnedHint();
  const what = rest.added.length > 0 ? 'a new index of its platforms' : 'the image alone';
  return `Pass --drop-attestations to push ${what}, ${rest.root.digest} instead of ${image.root.digest}, or build it with ${WITHOUT_ATTESTATIONS}.`;
}

function pinnedHint(): string {
  return `Build it with ${WITHOUT_ATTESTATIONS}, and write the new digest.`;
}

function pinned({ name, root }: NamedImage): AirgapError {
  const message = `the attestations of ${name} cannot be dropped: without them it has another digest, and the name pins this one`;
  return new AirgapError('INPUT', message, { where: { digest: root.digest }, hint: pinnedHint() });
}

function onlyAttestations({ name, root }: NamedImage): AirgapError {
  return new AirgapError('INPUT', `${name} has nothing but attestations`, {
    where: { digest: root.digest },
    hint: 'Build the image again.',
  });
}

function hasNoTag({ name, to }: ImageMapping): AirgapError {
  return new AirgapError('INPUT', `${name} has no tag: ${to.registry} takes only HOST/APP/NAME:TAG`, {
    hint: `Push it alone with --images, under a tag: ${to.name}:TAG.`,
  });
}

function tooLarge(layer: LargeLayer, limit: number): AirgapError {
  const message = `a layer of ${formatBytes(limit)} or more cannot be uploaded: ${describeLayer(layer)}`;
  return new AirgapError('INPUT', message, {
    where: { digest: layer.blob.digest },
    hint: 'Split its content into several layers (each RUN or COPY makes one), or try it with a higher --max-layer.',
  });
}

function nearLimit(layer: LargeLayer, limit: number): string {
  return `${layer.blob.digest} is near the limit of ${formatBytes(limit)}: ${describeLayer(layer)}`;
}
