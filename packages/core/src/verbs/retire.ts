import { join } from 'node:path';
import { copyImage } from '../copy/copy-image.ts';
import { lookAgain } from '../copy/look-again.ts';
import { readRegularFile } from '../fs/regular-file.ts';
import { replaceFile } from '../fs/replace-file.ts';
import { systemErrorReason } from '../fs/system-error.ts';
import type { SourceText } from '../input/model/source-text.ts';
import { readSpec } from '../input/read-input.ts';
import type { RegistrySettings } from '../input/references.ts';
import { AirgapError } from '../model/errors.ts';
import { interruptible } from '../model/interrupted.ts';
import { type Digest, digestHex } from '../oci/digest.ts';
import { MAX_MANIFEST_SIZE, parseManifest, type RawManifest, rawManifest } from '../oci/manifest.ts';
import { MediaType } from '../oci/media-type.ts';
import { Reference } from '../reference/reference.ts';
import { isReplicatedHost, REPLICATED_HOST } from '../reference/replicated.ts';
import { Registries, type RegistryOptions } from '../registry/registries.ts';
import { checkOutput } from '../relocate/output-file.ts';
import { emptyImage } from '../replicated/empty-image.ts';
import { checkReplicatedForm } from '../replicated/push-target.ts';
import { refuseUsed } from '../replicated/spec-uses.ts';
import { nameNotFound } from '../resolve/name-not-found.ts';
import { withTime } from '../store/events.ts';
import { checkOptions } from './check-options.ts';

/** What both verbs need: the registry itself, never a mirror of it. */
interface ReplicatedOptions extends Omit<RegistryOptions, 'mirrors' | 'viaProxy'> {
  /** The domain of the Replicated registry, and the application of the inputs. */
  readonly locations?: RegistrySettings | undefined;
}

/** The options of {@link retire}. */
export interface RetireOptions extends ReplicatedOptions {
  /** `HOST/APP/NAME:TAG`, at registry.replicated.com or the domain in `locations`. */
  readonly names: readonly string[];
  /** That the tags may be overwritten. */
  readonly confirmed: boolean;
  /** The folder for the manifests that are replaced. Default: the working folder. */
  readonly save?: string | undefined;
  /** Inputs that must not name any of the tags. */
  readonly specs?: readonly (string | SourceText)[] | undefined;
}

/** A retired tag. */
export interface RetiredImage {
  readonly name: string;
  /** The digest that the tag had; that of the empty image if it was retired before. */
  readonly replaced: string;
  /** The file with the manifest that was replaced; undefined if the tag was retired before. */
  readonly saved?: string;
}

/** The outcome of {@link retire}. */
export interface RetireResult {
  /** The digest of the empty image that the tags have now. */
  readonly digest: string;
  readonly images: readonly RetiredImage[];
}

/** The options of {@link restore}. */
export interface RestoreOptions extends ReplicatedOptions {
  /** `HOST/APP/NAME:TAG`. */
  readonly name: string;
  /** The file that a retirement has saved. */
  readonly file: string;
}

/** The outcome of {@link restore}. */
export interface RestoreResult {
  readonly name: string;
  /** The digest that the tag has again. */
  readonly digest: string;
}

/**
 * Replaces tags of the Replicated registry by an empty image, for who cannot delete them. Every manifest that is replaced
 * is saved to a file before the first tag changes. Tags are read back.
 *
 * @throws AirgapError `USAGE` for names elsewhere and without confirmation, `NOT_FOUND`, `INPUT` for tags that the specs
 * still name, `DISK`, `CONTENT` when a tag has another digest afterwards, and what registries throw
 * @example
 * await retire({ names: ['registry.replicated.com/my-app/worker:1.0'], confirmed: true });
 */
export async function retire(options: RetireOptions): Promise<RetireResult> {
  checkOptions('retire', options, ['names']);
  const { locations = {}, save = '.', specs = [], signal, confirmed } = options;
  const names = [...new Map(options.names.map(text => [text, parseName(text, locations)])).values()];
  if (names.length === 0) throw usage('no tag is named', 'Name at least one HOST/APP/NAME:TAG.');
  if (confirmed !== true)
    throw usage(`this replaces ${names.join(', ')} by an empty image`, 'Add --yes to confirm it.');
  return interruptible(signal, async () => {
    await using registries = await Registries.open(options);
    const { manifest: empty, store } = await emptyImage();
    const found = await Promise.all(names.map(name => findImage(registries, name)));
    const tags = found.filter(({ digest }) => digest !== empty.digest);
    if (specs.length > 0) refuseUsed(tags, await readSpec({ specs, signal }), locations);
    const saved = new Map<Found, string>();
    const onEvent = withTime(options.onEvent);
    for (const tag of tags) {
      const path = await saveManifest(save, tag);
      saved.set(tag, path);
      onEvent?.({ type: 'notice', message: `${tag.name}: saved its manifest as ${path}` });
    }
    if (tags.length > 0) for (const message of WARNINGS) onEvent?.({ type: 'notice', message });
    for (const { name } of tags) {
      const source = name.withDigest(empty.digest);
      await copyImage(store, source, registries.target(name), { tag: name.tag });
      await readBack(registries, name, empty.digest, signal);
    }
    return {
      digest: empty.digest,
      images: found.map(image => {
        const path = saved.get(image);
        const { name, digest: replaced } = image;
        return { name: name.toString(), replaced, ...(path === undefined ? {} : { saved: path }) };
      }),
    };
  });
}

const WARNINGS = [
  'older releases that use these tags get an empty image, which does not start: check that no customer installs them',
  'the Vendor Portal (Image Registries) and its API can delete images since June 2026, which also frees their space',
];

/**
 * Puts a manifest that {@link retire} has saved under its tag again. Its blobs must still be in the registry.
 *
 * @throws AirgapError `USAGE`, `INPUT` for a file that is not a manifest, `CONTENT`, and what registries throw
 * @example
 * await restore({ name: 'registry.replicated.com/my-app/worker:1.0', file: 'my-app-worker-1.0-0123456789ab.json' });
 */
export async function restore(options: RestoreOptions): Promise<RestoreResult> {
  checkOptions('restore', options, ['name', 'file']);
  const { locations = {}, file, signal } = options;
  const name = parseName(options.name, locations);
  const manifest = await readManifestFile(file);
  return interruptible(signal, async () => {
    await using registries = await Registries.open(options);
    await registries.target(name).putManifest(manifest, name.tag);
    await readBack(registries, name, manifest.digest, signal);
    return { name: name.toString(), digest: manifest.digest };
  });
}

/** @throws AirgapError `USAGE` for a name that must not be overwritten, `INPUT` for an invalid one */
function parseName(text: string, locations: RegistrySettings): Reference {
  const name = Reference.parse(text);
  if (!isReplicatedHost(name.registry, locations))
    throw usage(
      `${text} is not in the Replicated registry: only tags there are retired`,
      `Name a tag of ${REPLICATED_HOST}, or pass your domain of it with --registry-domain.`,
    );
  if (name.tag === undefined || name.digest !== undefined)
    throw usage(`${text} is not a tag`, 'Write it as HOST/APP/NAME:TAG, without a digest.');
  checkReplicatedForm({ registry: name.registry, prefix: name.repository }, name.tag);
  return name;
}

interface Found {
  readonly name: Reference;
  readonly digest: Digest;
  readonly manifest: RawManifest;
}

async function findImage(registries: Registries, name: Reference): Promise<Found> {
  const source = registries.source(name);
  const root = await source.resolve(name);
  if (root === undefined) throw await nameNotFound(source, name);
  return { name, digest: root.digest, manifest: await source.manifest(root) };
}

/** Saves the bytes as they are, under a name that no other manifest gets. @returns the path */
async function saveManifest(folder: string, { name, digest, manifest }: Found): Promise<string> {
  const short = digestHex(digest).slice(0, 12);
  const path = join(folder, `${name.repository.replaceAll('/', '-')}-${name.tag}-${short}.json`);
  await checkOutput(path);
  try {
    await replaceFile(path, manifest.bytes);
  } catch (cause) {
    const reason = systemErrorReason(cause as NodeJS.ErrnoException);
    throw new AirgapError('DISK', `cannot write the replaced manifest, nothing was retired: ${reason}`, {
      where: { path },
      cause,
      hint: 'Pass an existing folder with --save.',
    });
  }
  return path;
}

async function readManifestFile(path: string): Promise<RawManifest> {
  const bytes = await readRegularFile('the saved manifest', path, MAX_MANIFEST_SIZE);
  try {
    const manifest = rawManifest(bytes, MediaType.ociManifest);
    parseManifest(manifest);
    return manifest;
  } catch (cause) {
    throw notAManifest(path, (cause as Error).message);
  }
}

async function readBack(
  registries: Registries,
  name: Reference,
  expected: Digest,
  signal = new AbortController().signal,
): Promise<void> {
  const target = registries.target(name);
  const look = () => target.digestOf(name.tag ?? '');
  const found = await lookAgain(look, digest => digest === expected, signal);
  if (found === expected) return;
  throw new AirgapError(
    'CONTENT',
    `digest mismatch for ${name}: expected ${expected}, got ${found ?? 'none'}`,
    {
      where: { image: name.toString() },
      hint: 'Run the same command again; if it persists, check for other clients that push this tag.',
    },
  );
}

function notAManifest(path: string, reason: string): AirgapError {
  return new AirgapError('INPUT', `not a saved manifest: ${reason}`, {
    where: { path },
    hint: 'Pass the file that airgap retire has written.',
  });
}

function usage(message: string, hint: string): AirgapError {
  return new AirgapError('USAGE', message, { hint });
}
