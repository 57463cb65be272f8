import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { AirgapError } from '../../model/errors.ts';
import { canonicalHost, DOCKER_HUB_API } from '../../reference/reference.ts';
import type { Credentials } from './credential.ts';
import { CredentialHelper, HELPER_NAME } from './credential-helper.ts';

const entrySchema = z.looseObject({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
});
const helperSchema = z.union([z.literal(''), z.string().regex(HELPER_NAME)]);
const configSchema = z.looseObject({
  auths: z.record(z.string(), entrySchema).optional(),
  credsStore: helperSchema.optional(),
  credHelpers: z.record(z.string(), helperSchema).optional(),
});
type Entry = z.infer<typeof entrySchema>;
type Content = z.infer<typeof configSchema>;

/** The key of Docker Hub in files and helpers. */
const HUB_KEY = 'https://index.docker.io/v1/';

/** The credentials in a docker config.json, or in podman's auth.json. */
export class DockerConfig {
  readonly path: string;
  /** The complete content of the file. */
  readonly content: Content;

  private constructor(path: string, content: Content) {
    this.path = path;
    this.content = content;
  }

  /** Reads a file; a missing one counts as empty. @throws AirgapError `INPUT`, which never quotes the content */
  static async read(path: string): Promise<DockerConfig> {
    const document = await readJson(path);
    const result = configSchema.safeParse(document);
    if (!result.success)
      throw invalidConfig(path, `unexpected value of "${result.error.issues[0]?.path.join('.')}"`);
    // Use the original document, as schemas may drop keys.
    return new DockerConfig(path, document as Content);
  }

  /** Returns the helper for a host: from `credHelpers`, else from `credsStore`. */
  helperFor(host: string): CredentialHelper | undefined {
    const { credsStore, credHelpers = {} } = this.content;
    const entry = Object.entries(credHelpers).find(([key]) => hostOfKey(key) === credentialHost(host));
    const name = entry ? entry[1] : credsStore;
    return name ? new CredentialHelper(name) : undefined;
  }

  /** Returns the credentials that the file itself has for exactly this host (and port). */
  credentialsFor(host: string): Credentials | undefined {
    const entries = Object.entries(this.content.auths ?? {});
    const matching = entries.filter(([key]) => hostOfKey(key) === credentialHost(host));
    return matching.map(([, entry]) => credentialsOf(entry)).find(Boolean);
  }
}

/** Returns the key of a host in files and helpers, as docker writes it. */
export function keyOfHost(host: string): string {
  const key = credentialHost(host);
  return key === 'docker.io' ? HUB_KEY : key;
}

/** Returns the host of a key: keys are hosts, but Docker Hub's is a URL, and old files have URLs for all hosts. */
export function hostOfKey(key: string): string {
  return credentialHost(key.replace(/^https?:\/\//, '').split('/', 1)[0] ?? key);
}

/** Returns the host whose credentials are used: Docker Hub's API uses those of Docker Hub. */
export function credentialHost(host: string): string {
  return host === DOCKER_HUB_API ? canonicalHost('docker.io') : canonicalHost(host);
}

async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw invalidConfig(path, 'cannot be read', cause);
  }
  try {
    return JSON.parse(text);
  } catch {
    // The error of JSON.parse quotes the content, which may be a password.
    throw invalidConfig(path, 'not JSON');
  }
}

function credentialsOf(entry: Entry): Credentials | undefined {
  const identityToken = entry.identitytoken || undefined;
  if (entry.auth) {
    const decoded = Buffer.from(entry.auth, 'base64').toString('utf8');
    const colon = decoded.indexOf(':');
    if (colon >= 0) {
      const password = decoded.slice(colon + 1).replace(/\0+$/, '');
      return { username: decoded.slice(0, colon), password, identityToken };
    }
  }
  if (entry.username === undefined && identityToken === undefined) return undefined;
  return { username: entry.username ?? '', password: entry.password ?? '', identityToken };
}

function invalidConfig(path: string, reason: string, cause?: unknown): AirgapError {
  return new AirgapError('INPUT', `invalid docker config.json: ${reason}`, {
    where: { path },
    cause,
    hint: 'Fix the file, or create it again with docker login.',
  });
}
