import { resolveExistingPath } from '../fs/resolve-existing-path.ts';
import { refuseStandardOutput } from '../fs/standard-output.ts';
import { findInput } from '../input/find/find-input.ts';
import { AirgapError } from '../model/errors.ts';
import { parseTargetLocation, type TargetLocation } from '../reference/relocation.ts';
import type { ProxyApp, ReplicatedDomains } from '../reference/replicated.ts';
import { CredentialStore } from '../registry/auth/credential-store.ts';
import { Chart } from '../relocate/chart-rendering.ts';
import { helmValues, type OriginalChart, renderOriginal } from '../relocate/helm-values.ts';
import { checkHostsNaming, hostsFiles, registriesFiles } from '../relocate/hosts-files.ts';
import { kustomizeImages } from '../relocate/kustomize-images.ts';
import type { Login } from '../relocate/login.ts';
import { mappingJson } from '../relocate/mapping.ts';
import { checkOutput, type OutputFile, type OutputKind, writeOutput } from '../relocate/output-file.ts';
import { checkSecretName, pullSecretManifest } from '../relocate/pull-secret.ts';
import { type RenamedImage, renamedImages } from '../relocate/renamed-image.ts';
import { Renames } from '../relocate/renames.ts';
import type { Skipped } from '../relocate/skipped.ts';
import { VendorSpecs, type VendorSpecsOptions } from '../relocate/vendor-specs.ts';
import { checkConflicts } from './check-conflicts.ts';
import type { LoadOptions, LoadResult } from './load.ts';

type TargetOptions = Pick<
  LoadOptions,
  'target' | 'naming' | 'plainHttp' | 'insecure' | 'ca' | 'credentials' | 'credentialFiles' | 'signal'
>;

/** The files to write after a load. Target, naming and connection options are those of the load. */
export interface OutputOptions extends TargetOptions {
  /** Path of the loaded bundle, which no output may overwrite. */
  readonly bundle?: string | undefined;
  /** File for the mapping from old to new references, as JSON. */
  readonly mapping?: string | undefined;
  /** File for the `images:` list of a kustomization. */
  readonly kustomize?: string | undefined;
  /** Directory for containerd's `hosts.toml` files and the certificate authorities of the target. */
  readonly hostsToml?: string | undefined;
  /** File for the mirrors of k3s and rke2. */
  readonly registriesYaml?: string | undefined;
  /** Name and file of a pull secret, created from the credentials of the load. */
  readonly pullSecret?: { readonly name: string; readonly path: string } | undefined;
  /** The specs to copy with the new references, and with the pull secret if there is one. */
  readonly rewrite?: VendorSpecsOptions | undefined;
  /** The chart whose images get their new names by values, and the file for the values. */
  readonly helmValues?: HelmValuesOptions | undefined;
  /** The vendor's domains: their names in specs count as those of Replicated's own. */
  readonly domains?: ReplicatedDomains | undefined;
  /** The new names are those of Replicated's proxy in front of the target. */
  readonly proxyNames?: ProxyApp | undefined;
}

/** Values for a chart. */
export interface HelmValuesOptions {
  /** Files and directories with exactly one chart. */
  readonly specs: readonly string[];
  readonly path: string;
  /** Files with the customer's own values for the chart. */
  readonly values?: readonly string[] | undefined;
}

/** The files that were written. */
export interface WrittenOutputs {
  /** In the order in which they were written. */
  readonly files: readonly { readonly kind: OutputKind; readonly path: string }[];
  /** Number of image references that were replaced in the specs. */
  readonly replaced: number;
  /** Number of images of the chart that point at the target with the written values. */
  readonly chartImages?: number;
  /** Places in the specs that were not rewritten, and images of the chart that the values do not reach. */
  readonly skipped: readonly Skipped[];
}

/** Validated outputs of a load. */
export interface Outputs {
  /**
   * Writes the files. They can be written after a dry run as well, with the same content.
   *
   * @throws AirgapError `DISK`, `INPUT` for a spec that was modified after it was read
   */
  write(result: Pick<LoadResult, 'images'>): Promise<WrittenOutputs>;
}

/**
 * Validates the outputs of a load and reads the specs, so that problems are reported before anything is pushed.
 *
 * @throws AirgapError `USAGE`, `INPUT` for unreadable specs and missing credentials, `DISK`
 */
export async function openOutputs(options: OutputOptions): Promise<Outputs> {
  const { hostsToml, registriesYaml, pullSecret, rewrite, naming = 'path', proxyNames, domains } = options;
  const target = parseTargetLocation(options.target);
  const hasMirrors = hostsToml !== undefined || registriesYaml !== undefined;
  if (hasMirrors) checkHostsNaming(naming);
  if (proxyNames) checkProxied(target, { hasMirrors, hasSecret: pullSecret !== undefined });
  await checkPaths(options);
  const login = hasMirrors ? await targetLogin(target, options) : undefined;
  const secret = pullSecret && (await secretFile(pullSecret, target, options));
  const specs = rewrite && (await VendorSpecs.open(rewrite));
  const chart = options.helmValues && (await openChart(options.helmValues, options.signal));
  return {
    async write(result) {
      const images = renamedImages(result.images, proxyNames);
      const files = [...generatedFiles(images, target, { ...options, login }), ...(secret ? [secret] : [])];
      const rewritten = specs?.rewrite({ renames: new Renames(images, domains), secret: pullSecret?.name });
      const written: { kind: OutputKind; path: string }[] = [];
      const write = async (file: OutputFile) => {
        await writeOutput(file);
        written.push({ kind: file.kind, path: file.path });
      };
      for (const file of files) await write(file);
      const values = chart && (await helmValues(chart, images));
      if (values && options.helmValues)
        await write({ kind: 'helm-values', path: options.helmValues.path, content: values.yaml });
      if (specs && rewritten) for await (const file of specs.files(rewritten)) await write(file);
      return {
        files: written,
        replaced: rewritten?.replaced ?? 0,
        skipped: [...(rewritten?.skipped ?? []), ...(values?.skipped ?? [])],
        ...(values ? { chartImages: values.replaced } : {}),
      };
    },
  };
}

/** Opens and renders the only chart of some specs. @throws AirgapError `USAGE`, `INPUT` */
async function openChart(
  { specs, values }: HelmValuesOptions,
  signal: AbortSignal | undefined,
): Promise<OriginalChart> {
  const { charts } = await findInput(specs);
  const [chart] = charts;
  if (chart && charts.length === 1) return renderOriginal(await Chart.open(chart, values, signal));
  const found = charts.length === 0 ? 'no chart' : charts.map(({ path }) => path).join(', ');
  throw new AirgapError('USAGE', `values need exactly one chart, found ${found}`, {
    hint: 'Pass the folder or the .tgz of one chart with --specs; for others, load again with --dry-run.',
  });
}

function generatedFiles(
  images: readonly RenamedImage[],
  target: TargetLocation,
  options: OutputOptions & { readonly login: Login | undefined },
): OutputFile[] {
  const { mapping, kustomize, hostsToml, registriesYaml, naming = 'path' } = options;
  const { plainHttp, insecure, ca, login } = options;
  const nodes = { target, naming, plainHttp, insecure, ca, login };
  const files: OutputFile[] = [];
  if (mapping !== undefined)
    files.push({ kind: 'mapping', path: mapping, content: mappingJson(target, images) });
  if (kustomize !== undefined)
    files.push({ kind: 'kustomize', path: kustomize, content: kustomizeImages(images) });
  if (hostsToml !== undefined) files.push(...hostsFiles(hostsToml, images, nodes));
  if (registriesYaml !== undefined) files.push(...registriesFiles(registriesYaml, images, nodes));
  return files;
}

/** The credentials with which nodes pull; undefined when the load has none, or an identity token, which nodes do not support. */
async function targetLogin(
  { registry }: TargetLocation,
  { credentials, credentialFiles = [], signal }: OutputOptions,
): Promise<Login | undefined> {
  const store = await CredentialStore.read(credentialFiles, credentials);
  const found = await store.for(registry, signal);
  return found?.username && found.password ? found : undefined;
}

async function secretFile(
  { name, path }: { readonly name: string; readonly path: string },
  { registry }: TargetLocation,
  { credentials, credentialFiles = [], signal }: OutputOptions,
): Promise<OutputFile> {
  checkSecretName(name);
  const store = await CredentialStore.read(credentialFiles, credentials);
  const registryCredentials = await store.for(registry, signal);
  if (!registryCredentials) throw noCredentials(registry);
  const content = pullSecretManifest(name, registry, registryCredentials);
  return { kind: 'pull-secret', path, content, mode: 0o600 };
}

/** Checks that every output file is writable and conflicts neither with an input nor with another output. */
async function checkPaths({
  bundle,
  mapping,
  kustomize,
  hostsToml,
  registriesYaml,
  pullSecret,
  rewrite,
  helmValues: values,
}: OutputOptions): Promise<void> {
  const files = [mapping, kustomize, registriesYaml, pullSecret?.path, values?.path].filter(
    path => path !== undefined,
  );
  const inputs = [
    bundle,
    ...(rewrite?.specs ?? []),
    ...(values?.specs ?? []),
    ...(values?.values ?? []),
  ].filter(path => path !== undefined);
  const directories = [hostsToml, rewrite?.directory].filter(path => path !== undefined);
  for (const path of directories) refuseStandardOutput(path);
  for (const path of files) await checkOutput(path);
  await checkDistinct(files);
  for (const path of files) await checkConflicts(path, [...inputs, ...directories]);
}

async function checkDistinct(files: readonly string[]): Promise<void> {
  const seen = new Set<string>();
  for (const path of files) {
    const resolved = await resolveExistingPath(path);
    if (seen.has(resolved))
      throw new AirgapError('USAGE', `two outputs use the same file: ${path}`, {
        hint: 'Name a different file for each output.',
      });
    seen.add(resolved);
  }
}

/** @throws AirgapError `USAGE` for outputs that lead nodes to the target, and for a host that no name can contain */
function checkProxied(
  { registry }: TargetLocation,
  { hasMirrors, hasSecret }: { readonly hasMirrors: boolean; readonly hasSecret: boolean },
): void {
  const hint = 'Write them in another load, without --proxy-names.';
  if (hasMirrors)
    throw new AirgapError('USAGE', 'mirrors lead nodes to the target, and names of the proxy do not', {
      hint,
    });
  if (hasSecret)
    throw new AirgapError('USAGE', 'a pull secret is for the target, and names of the proxy need a license', {
      hint,
    });
  if (registry.includes(':'))
    throw new AirgapError('USAGE', `names of the proxy cannot contain the port of ${registry}`, {
      hint: 'Load into a registry at the default port, which the proxy can reach.',
    });
}

function noCredentials(host: string): AirgapError {
  return new AirgapError('INPUT', `no credentials for ${host} to create a pull secret`, {
    where: { host },
    hint: `Run airgap login ${host} first, or omit --pull-secret if the registry allows anonymous pulls.`,
  });
}
