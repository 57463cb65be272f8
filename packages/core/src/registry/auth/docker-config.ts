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

/** Docker Hub's key, in files and for helpers. */
const HUB_KEY = 'https://index.docker.io/v1/';

/** One of docker's config.json files, or podman's auth.json, as far as it is about credentials. */
export class DockerConfig {
  readonly path: string;
  /** All of the file, whatever it is about. */
  readonly content: Content;

  private constructor(path: string, content: Content) {
    this.path = path;
    this.content = content;
  }

  /** Reads a file; one that does not exist is empty. @throws AirgapError `INPUT`, which never quotes the content */
  static async read(path: string): Promise<DockerConfig> {
    const document = await readJson(path);
    const result = configSchema.safeParse(document);
    if (!result.success)
      throw invalidConfig(path, `"${result.error.issues[0]?.path.join('.')}" has another form`);
    // What was parsed is what was read, but for keys that a schema may drop.
    return new DockerConfig(path, document as Content);
  }

  /** The program that keeps this host's credentials: its own, or the one for all. */
  helperFor(host: string): CredentialHelper | undefined {
    const { credsStore, credHelpers = {} } = this.content;
    const own = Object.entries(credHelpers).find(([key]) => hostOfKey(key) === credentialHost(host));
    const name = own ? own[1] : credsStore;
    return name ? new CredentialHelper(name) : undefined;
  }

  /** What the file itself holds for exactly this host (and port). */
  credentialsFor(host: string): Credentials | undefined {
    const entries = Object.entries(this.content.auths ?? {});
    const own = entries.filter(([key]) => hostOfKey(key) === credentialHost(host));
    return own.map(([, entry]) => credentialsOf(entry)).find(Boolean);
  }
}

/** The key for a host, as docker writes it and asks helpers for it. */
export function keyOfHost(host: string): string {
  const own = credentialHost(host);
  return own === 'docker.io' ? HUB_KEY : own;
}

/** Keys are hosts, but Docker Hub's is a URL, and old files have URLs for all. */
export function hostOfKey(key: string): string {
  return credentialHost(key.replace(/^https?:\/\//, '').split('/', 1)[0] ?? key);
}

/** The name that a host's credentials go by: those for Docker Hub belong to its API too. */
export function credentialHost(host: string): string {
  return host === DOCKER_HUB_API ? canonicalHost('docker.io') : canonicalHost(host);
}

async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw invalidConfig(path, 'it cannot be read', cause);
  }
  try {
    return JSON.parse(text);
  } catch {
    // JSON.parse quotes what it stumbles over, and that may be a password.
    throw invalidConfig(path, 'it is not JSON');
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
  return new AirgapError('INPUT', `the credentials file is no docker config.json: ${reason}`, {
    where: { path },
    cause,
    hint: 'Mend the file, or write it anew with docker login.',
  });
}
