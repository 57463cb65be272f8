import { sep } from 'node:path';
import { resolveExistingPath } from '../fs/resolve-existing-path.ts';
import { AirgapError } from '../model/errors.ts';
import { parseTargetLocation, type TargetLocation } from '../reference/relocation.ts';
import { CredentialStore } from '../registry/auth/credential-store.ts';
import { checkHostsNaming, hostsFiles } from '../relocate/hosts-files.ts';
import { kustomizeImages } from '../relocate/kustomize-images.ts';
import { mappingJson } from '../relocate/mapping.ts';
import { checkOutput, type OutputFile, type OutputKind, writeOutput } from '../relocate/output-file.ts';
import { checkSecretName, pullSecretManifest } from '../relocate/pull-secret.ts';
import { type RenamedImage, renamedImages } from '../relocate/renamed-image.ts';
import { Renames } from '../relocate/renames.ts';
import type { Skipped } from '../relocate/skipped.ts';
import { VendorSpecs, type VendorSpecsOptions } from '../relocate/vendor-specs.ts';
import type { LoadOptions, LoadResult } from './load.ts';

type TargetOptions = Pick<
  LoadOptions,
  'target' | 'naming' | 'plainHttp' | 'insecure' | 'ca' | 'credentials' | 'credentialFiles' | 'signal'
>;

/** What a load is to leave behind; the target and how it is reached are those of the load. */
export interface OutputOptions extends TargetOptions {
  /** The bundle that is loaded, so that no output takes its place. */
  readonly bundle?: string | undefined;
  /** A file for the mapping from old names to new ones, in JSON. */
  readonly mapping?: string | undefined;
  /** A file for a kustomization's `images:` list. */
  readonly kustomize?: string | undefined;
  /** A folder for containerd's `hosts.toml` files; certificate authorities of the target go beside them. */
  readonly hostsToml?: string | undefined;
  /** A Secret to pull with, made from the credentials of the load, and the file for it. */
  readonly pullSecret?: { readonly name: string; readonly path: string } | undefined;
  /** The vendor's specs to copy with the new names in them, and with the Secret when there is one. */
  readonly rewrite?: VendorSpecsOptions | undefined;
}

/** What was written. */
export interface WrittenOutputs {
  /** In the order in which they were written. */
  readonly files: readonly { readonly kind: OutputKind; readonly path: string }[];
  /** How many places of the specs name an image anew. */
  readonly replaced: number;
  /** Places of the specs that were left as they are. */
  readonly skipped: readonly Skipped[];
}

/** The files that a load leaves for what comes next. */
export interface Outputs {
  /**
   * Writes them; after a dry run as well, for nothing in them depends on what the registry has.
   *
   * @throws AirgapError `DISK`, `INPUT` for a spec that has changed since it was read
   */
  write(result: Pick<LoadResult, 'images'>): Promise<WrittenOutputs>;
}

/**
 * Prepares the files for what comes next: whatever is wrong with them is told before anything is pushed.
 *
 * @throws AirgapError `USAGE`, `INPUT` for specs that cannot be read and for credentials that are not there, `DISK`
 */
export async function openOutputs(options: OutputOptions): Promise<Outputs> {
  const { mapping, kustomize, hostsToml, pullSecret, rewrite, naming = 'path' } = options;
  const target = parseTargetLocation(options.target);
  if (hostsToml !== undefined) checkHostsNaming(naming);
  const files = [mapping, kustomize, pullSecret?.path].filter(path => path !== undefined);
  await checkFiles(files);
  const read = [options.bundle, ...(rewrite?.specs ?? [])].filter(path => path !== undefined);
  const written = [hostsToml, rewrite?.directory].filter(path => path !== undefined);
  for (const path of files) await checkPlace(path, [...read, ...written]);
  const secret = pullSecret && (await secretFile(pullSecret, target, options));
  const specs = rewrite && (await VendorSpecs.open(rewrite));
  return {
    async write(result) {
      const images = renamedImages(result.images);
      const files = [...plainFiles(images, target, options), ...(secret ? [secret] : [])];
      const renaming = { renames: new Renames(images), secret: pullSecret?.name };
      const rewriting = specs?.rewrite(renaming) ?? { texts: new Map(), replaced: 0, skipped: [] };
      const written: { kind: OutputKind; path: string }[] = [];
      const write = async (file: OutputFile) => {
        await writeOutput(file);
        written.push({ kind: file.kind, path: file.path });
      };
      for (const file of files) await write(file);
      for await (const file of specs?.files(rewriting) ?? []) await write(file);
      return { files: written, replaced: rewriting.replaced, skipped: rewriting.skipped };
    },
  };
}

function plainFiles(
  images: readonly RenamedImage[],
  target: TargetLocation,
  options: OutputOptions,
): OutputFile[] {
  const { mapping, kustomize, hostsToml, naming = 'path', plainHttp, insecure, ca } = options;
  const hosts = { target, naming, plainHttp, insecure, ca };
  return [
    ...one('mapping', mapping, () => mappingJson(target, images)),
    ...one('kustomize', kustomize, () => kustomizeImages(images)),
    ...(hostsToml === undefined ? [] : hostsFiles(hostsToml, images, hosts)),
  ];
}

function one(kind: OutputKind, path: string | undefined, content: () => string): OutputFile[] {
  return path === undefined ? [] : [{ kind, path, content: content() }];
}

async function secretFile(
  { name, path }: { readonly name: string; readonly path: string },
  { registry }: TargetLocation,
  { credentials, credentialFiles = [], signal }: OutputOptions,
): Promise<OutputFile> {
  checkSecretName(name);
  const store = await CredentialStore.read(credentialFiles, credentials);
  const own = await store.for(registry, signal);
  if (!own) throw anonymous(registry);
  return { kind: 'pull-secret', path, content: pullSecretManifest(name, registry, own), mode: 0o600 };
}

async function checkFiles(paths: readonly string[]): Promise<void> {
  for (const path of paths) await checkOutput(path);
  const places = await Promise.all(paths.map(resolveExistingPath));
  const twice = paths.find((_path, at) => places.indexOf(places[at] ?? '') < at);
  if (twice === undefined) return;
  throw new AirgapError('USAGE', `two outputs cannot go into one file: ${twice}`, {
    hint: 'Name a file for each.',
  });
}

/** What is read, or written by another output, is no place for a file, by whatever link it is reached. */
async function checkPlace(path: string, places: readonly string[]): Promise<void> {
  const own = await resolveExistingPath(path);
  for (const place of places) {
    if (!`${own}${sep}`.startsWith(`${await resolveExistingPath(place)}${sep}`)) continue;
    throw new AirgapError('USAGE', `${path} is in the way of ${place}, which the load reads or writes`, {
      hint: 'Choose another file.',
    });
  }
}

function anonymous(host: string): AirgapError {
  return new AirgapError('INPUT', `there are no credentials for ${host} to make a pull secret of`, {
    where: { host },
    hint: `Run airgap login ${host} first, or leave --pull-secret out: who needs no login needs no secret.`,
  });
}
