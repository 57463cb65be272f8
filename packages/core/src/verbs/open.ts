import type { Layout } from '../layout/layout.ts';
import { openLayout } from '../layout/open-layout.ts';
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
  const layout = await openLayout(path, options);
  if (layout.form === 'bundle') return layout;
  await layout[Symbol.asyncDispose]();
  const what = layout.form === 'delta' ? 'a delta' : `an OCI ${layout.form}`;
  throw new AirgapError('BUNDLE', `not a bundle: ${what}`, {
    where: { path: layout.path },
    hint: 'Open it with openLayout.',
  });
}
