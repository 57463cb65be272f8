import { AirgapError } from '../model/errors.ts';
import { Reference } from '../reference/reference.ts';
import { REPLICATED_HOST, type ReplicatedDomains } from '../reference/replicated.ts';
import type { ListedImage } from './model/spec.ts';

/** The settings that map list entries to registries. */
export interface RegistrySettings extends ReplicatedDomains {
  /** Slug of the Replicated application. */
  readonly app?: string | undefined;
  /** Third-party registries: the name used in `source:` → the endpoint. */
  readonly registries?: Readonly<Record<string, string>> | undefined;
}

/**
 * Returns the reference that a listed image is pulled by.
 *
 * @throws AirgapError `INPUT` with its position: unknown source, `replicated` without an app, or invalid name
 */
export function toReference(image: ListedImage, locations: RegistrySettings): Reference {
  try {
    return Reference.parse(withTag(pullName(image, locations), image)).canonical();
  } catch (error) {
    throw error instanceof AirgapError ? error.withContext({ position: image.position }) : error;
  }
}

/** Returns the registry host of an endpoint, which may be a URL or have a path. */
export function endpointHost(endpoint: string): string {
  return endpoint.replace(/^https?:\/\//i, '').split('/', 1)[0] ?? endpoint;
}

/** A host without a dot or a port would be parsed as a Docker Hub namespace. */
function checkedHost(source: string, endpoint: string): string {
  const host = endpointHost(endpoint);
  if (/[.:]/.test(host) || host === 'localhost') return host;
  throw new AirgapError(
    'INPUT',
    `invalid endpoint of registry ${JSON.stringify(source)}: ${JSON.stringify(endpoint)} is not a registry host`,
    { hint: 'Add the domain or the port, for example registry.example.com or registry:5000.' },
  );
}

function pullName(image: ListedImage, settings: RegistrySettings): string {
  const { app, registries = {}, registryDomain = REPLICATED_HOST } = settings;
  const { source, name } = image;
  if (source === 'public') return name;
  if (source === 'replicated') {
    if (app) return `${registryDomain}/${app}/${name}`;
    throw new AirgapError('INPUT', `cannot locate ${name}: source is replicated, but no application is set`, {
      hint: 'Add --app SLUG, or "app: SLUG" to airgap.yaml.',
    });
  }
  const endpoint = Object.hasOwn(registries, source) ? registries[source] : undefined;
  if (endpoint) return `${checkedHost(source, endpoint)}/${name}`;
  throw unknownSource(image, Object.keys(registries));
}

/** Makes the error for a source that is not configured. */
export function unknownSource(
  { source, name, sourcePosition }: ListedImage,
  known: readonly string[],
): AirgapError {
  return new AirgapError(
    'INPUT',
    `cannot locate ${name}: unknown registry ${JSON.stringify(source)} (known: ${['replicated', 'public', ...known].join(', ')})`,
    {
      where: { position: sourcePosition },
      hint: `Add --registry ${source}=ENDPOINT, or "${source}: ENDPOINT" under registries: in airgap.yaml.`,
    },
  );
}

/** Adds the tag of an entry to its name; a line of a text list already has its tag. */
function withTag(pullName: string, { name, tag, form }: ListedImage): string {
  if (form === 'list') return pullName;
  if (name.includes('@') || name.lastIndexOf(':') > name.lastIndexOf('/')) {
    throw new AirgapError('INPUT', `the image name must not contain a tag or a digest: ${name}`, {
      hint: `Write the tag in ${form === 'images' ? 'tag:' : 'version:'} instead.`,
    });
  }
  return `${pullName}:${tag ?? 'latest'}`;
}
