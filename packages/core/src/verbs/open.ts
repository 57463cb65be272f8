import type { Layout } from '../layout/layout.ts';
import { type OpenOptions, openLayout as open } from '../layout/open-layout.ts';
import { AirgapError } from '../model/errors.ts';
import type { ObjectOptions } from '../objects/read/object-options.ts';
import { Registries, type RegistryOptions } from '../registry/registries.ts';
import { checkOptions } from './check-options.ts';

/**
 * Opens the client of all registries. Its repositories are sources and targets of images. Close it when it is no longer
 * needed.
 *
 * @throws AirgapError `USAGE`, `INPUT` for credential files
 * @example
 * await using registries = await openRegistry({ credentialFiles: ['/home/me/.docker/config.json'] });
 * const name = Reference.parse('docker.io/library/redis:7.0-alpine');
 * const descriptor = await registries.source(name).resolve(name);
 */
export async function openRegistry(options: RegistryOptions = {}): Promise<Registries> {
  checkOptions('openRegistry', options, []);
  return Registries.open(options);
}

/**
 * Opens a bundle as a source of images. Close it when it is no longer needed.
 *
 * @param path also an `https://` or `s3://` URL, which is read by ranges
 * @throws AirgapError `INPUT` when it cannot be read, `BUNDLE` when it is not a bundle
 * @example
 * await using bundle = await openBundle('bundle.tar');
 * for (const { name, descriptor } of await bundle.names()) console.log(name, descriptor.digest);
 */
export async function openBundle(path: string, options: ObjectOptions = {}): Promise<Layout> {
  checkOptions('openBundle', { ...options, path }, ['path']);
  const layout = await open(path, options);
  if (layout.form === 'bundle') return layout;
  await layout[Symbol.asyncDispose]();
  const what = layout.form === 'delta' ? 'a delta' : `an OCI ${layout.form}`;
  throw new AirgapError('BUNDLE', `not a bundle: ${what}`, {
    where: { path: layout.path },
    hint: 'Open it with openLayout.',
  });
}

/**
 * Opens an OCI image layout as a source of images: a bundle, its parts, a delta, an archive of another tool, a `.airgap` of
 * KOTS, or a directory. Close it when it is no longer needed.
 *
 * @param path for parts, that of the first one, or of the bundle that they make; a bundle may also be at an `https://` or
 * `s3://` URL. A compressed `.airgap` is decompressed into a temporary file
 * @throws AirgapError `INPUT` when it cannot be read, `BUNDLE` when it is something else, which the error names, or when
 * parts are missing or wrong
 * @example
 * await using layout = await openLayout('app-1.1.delta.tar', { base: ['app-1.0.tar'] });
 */
export async function openLayout(path: string, options: OpenOptions = {}): Promise<Layout> {
  checkOptions('openLayout', { ...options, path }, ['path']);
  return open(path, options);
}
