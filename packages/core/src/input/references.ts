import { AirgapError } from '../model/errors.ts';
import { Reference } from '../reference/reference.ts';
import { REPLICATED_HOST } from '../reference/replicated.ts';
import type { ListedImage } from './model/spec.ts';

/** What has to be known to find the images of a vendor's list. */
export interface RegistrySettings {
  /** The application's slug. */
  readonly app?: string | undefined;
  /** Third-party registries: the name that `source:` uses → the endpoint. */
  readonly registries?: Readonly<Record<string, string>> | undefined;
}

/**
 * Finds where a listed image can be pulled from.
 *
 * @throws AirgapError `INPUT` at its line: an unknown source, `replicated` without an app, an invalid name
 */
export function toReference(image: ListedImage, locations: RegistrySettings): Reference {
  try {
    return Reference.parse(withTag(pullName(image, locations), image)).canonical();
  } catch (error) {
    throw error instanceof AirgapError ? error.withContext({ position: image.position }) : error;
  }
}

/** The registry host of a source's endpoint, which may be written as a URL and with a path. */
export function endpointHost(endpoint: string): string {
  return endpoint.replace(/^https?:\/\//i, '').split('/', 1)[0] ?? endpoint;
}

/** A host without a dot or a port would be read as a namespace of Docker Hub. */
function checkedHost(source: string, endpoint: string): string {
  const host = endpointHost(endpoint);
  if (/[.:]/.test(host) || host === 'localhost') return host;
  throw new AirgapError(
    'INPUT',
    `the endpoint of registry ${JSON.stringify(source)} is no host name: ${JSON.stringify(endpoint)}`,
    { hint: 'Write it with its domain or its port, for example registry.example.com or registry:5000.' },
  );
}

function pullName(image: ListedImage, { app, registries = {} }: RegistrySettings): string {
  const { source, name } = image;
  if (source === 'public') return name;
  if (source === 'replicated') {
    if (app) return `${REPLICATED_HOST}/${app}/${name}`;
    throw new AirgapError(
      'INPUT',
      `cannot locate ${name}: source is replicated, and the application is not known`,
      {
        hint: 'Add --app SLUG, or "app: SLUG" to airgap.yaml.',
      },
    );
  }
  const endpoint = Object.hasOwn(registries, source) ? registries[source] : undefined;
  if (endpoint) return `${checkedHost(source, endpoint)}/${name}`;
  throw unknownSource(image, Object.keys(registries));
}

/** The error for a source that nobody has configured. */
export function unknownSource(
  { source, name, sourcePosition }: ListedImage,
  known: readonly string[],
): AirgapError {
  const others = known.length > 0 ? `, ${known.join(', ')}` : '';
  return new AirgapError(
    'INPUT',
    `cannot locate ${name}: no registry is called ${JSON.stringify(source)} (known: replicated, public${others})`,
    {
      where: { position: sourcePosition },
      hint: `Add --registry ${source}=ENDPOINT, or "${source}: ENDPOINT" under registries: in airgap.yaml.`,
    },
  );
}

/** A list's line holds its tag already; in an entry, the name has none. */
function withTag(pullName: string, { name, tag, form }: ListedImage): string {
  if (form === 'list') return pullName;
  if (name.includes('@') || name.lastIndexOf(':') > name.lastIndexOf('/')) {
    throw new AirgapError('INPUT', `the name of an image holds no tag and no digest: ${name}`, {
      hint: `Write the tag in ${form === 'images' ? 'tag:' : 'version:'} instead.`,
    });
  }
  return `${pullName}:${tag ?? 'latest'}`;
}
