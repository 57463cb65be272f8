import { AirgapError } from '../model/errors.ts';
import { runAll } from '../model/run-all.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { blobsOfManifest, manifestsOf, parseManifest, type RawManifest } from '../oci/manifest.ts';
import { Reference } from '../reference/reference.ts';
import { blobBody } from '../store/blob-stream.ts';
import type { ImageSource } from '../store/image-source.ts';
import type { ImageTarget } from '../store/image-target.ts';
import { sourcesOf } from '../store/union-source.ts';

/** The limit of nested indexes. */
const MAX_DEPTH = 5;

export interface CopyImageOptions {
  /** The tag at the target. Default: that of the name; a name with a digest gets none. */
  readonly tag?: string | undefined;
}

/**
 * Copies an image with everything that it refers to from any source to any target: blobs first, manifests as served. What
 * the target already has is skipped. All platforms of an index are copied, so every digest stays.
 *
 * @returns the descriptor of the copied manifest
 * @throws AirgapError `USAGE`, `NOT_FOUND` when the source lacks the name, `CONTENT`, and what source and target throw
 * @example
 * await copyImage(registry.source(name), name, await DirectoryTarget.open('layout', name));
 */
export async function copyImage(
  source: ImageSource,
  name: Reference,
  target: ImageTarget,
  options: CopyImageOptions = {},
): Promise<Descriptor> {
  checkArguments(source, name, target);
  const { tag = name.digest === undefined ? name.effectiveTag : undefined } = options;
  const root = await source.resolve(name.canonical());
  if (root === undefined)
    throw new AirgapError('NOT_FOUND', `${name} does not exist`, {
      where: { image: name.toString(), ...source.origin },
      hint: 'Check the name and the tag.',
    });
  const manifest = await source.manifest(root);
  await copyManifest({ source, target, images: [name.toString()] }, manifest, tag, 0);
  return root;
}

/** @throws AirgapError `USAGE` */
function checkArguments(source: ImageSource, name: Reference, target: ImageTarget): void {
  if (typeof source?.resolve !== 'function')
    throw usage('source must be a source of images', 'Pass openBundle(…) or openRegistry().source(name).');
  if (!(name instanceof Reference))
    throw usage('name must be a Reference', 'Pass Reference.parse("registry.example.com/team/app:1.0").');
  if (typeof target?.putManifest !== 'function')
    throw usage(
      'target must be a target of images',
      'Pass DirectoryTarget.open(…) or openRegistry().target(name).',
    );
}

function usage(problem: string, hint: string): AirgapError {
  return new AirgapError('USAGE', `copyImage: ${problem}`, { hint });
}

interface Copy {
  readonly source: ImageSource;
  readonly target: ImageTarget;
  readonly images: readonly string[];
}

async function copyManifest(
  copy: Copy,
  raw: RawManifest,
  tag: string | undefined,
  depth: number,
): Promise<void> {
  if (depth > MAX_DEPTH)
    throw new AirgapError('UNSUPPORTED', `an index is nested deeper than ${MAX_DEPTH} levels`, {
      where: { digest: raw.digest },
    });
  const manifest = parseManifest(raw);
  await runAll(blobsOfManifest(manifest), undefined, blob => copyMissingBlob(copy, blob));
  const children = manifest.kind === 'index' ? manifestsOf(manifest) : [];
  for (const child of children)
    await copyManifest(copy, await copy.source.manifest(child), undefined, depth + 1);
  await copy.target.putManifest(raw, tag);
}

async function copyMissingBlob({ source, target, images }: Copy, blob: Descriptor): Promise<void> {
  if (await target.has(blob)) return;
  await target.put(blob, blobBody(sourcesOf(source), blob, images));
}
