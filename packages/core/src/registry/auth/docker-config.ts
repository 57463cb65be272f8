import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { AirgapError } from '../../model/errors.ts';
import { parseJson } from '../../model/parse-json.ts';
import type { Credentials } from './credential.ts';
import { CredentialHelper, HELPER_NAME } from './credential-helper.ts';
import { nameOfKey } from './credential-key.ts';

/** The size limit of a file, in bytes. */
const MAX_SIZE = 16 * 1024 * 1024;

/** A docker config.json: the path of a file, or a text with a name for messages. */
export type CredentialFile = string | { readonly name: string; readonly text: string };

const text = z.string().nullish();
const entrySchema = z.looseObject({
  auth: text,
  username: text,
  password: text,
  identitytoken: text,
  registrytoken: text,
});
const helperSchema = z.union([z.literal(''), z.string().regex(HELPER_NAME)]);
const configSchema = z.looseObject({
  auths: z.record(z.string(), entrySchema.nullable()).nullish(),
  credsStore: helperSchema.nullish(),
  credHelpers: z.record(z.string(), helperSchema.nullable()).nullish(),
});
type Entry = z.infer<typeof entrySchema>;
type Content = z.infer<typeof configSchema>;

/** The credentials in a docker config.json, or in podman's auth.json. */
export class DockerConfig {
  /** The path of the file, or the name of the text. */
  readonly path: string;
  /** The complete content of the file. */
  readonly content: Content;

  private constructor(path: string, content: Content) {
    this.path = path;
    this.content = content;
  }

  /**
   * Reads a file; a missing or an empty one has no credentials.
   *
   * @throws AirgapError `INPUT`, which never quotes the content; see also {@link isUnreadable}
   */
  static async read(file: CredentialFile): Promise<DockerConfig> {
    const path = typeof file === 'string' ? file : file.name;
    const document = parse(typeof file === 'string' ? await readText(file) : file.text, path);
    const result = configSchema.safeParse(document);
    if (!result.success)
      throw invalidConfig(path, `unexpected value of "${result.error.issues[0]?.path.join('.')}"`);
    // Use the original document, as schemas may drop keys.
    return new DockerConfig(path, document as Content);
  }

  /** Returns a config without credentials. */
  static empty(path: string): DockerConfig {
    return new DockerConfig(path, {});
  }

  /** The keys of all entries. */
  get keys(): readonly string[] {
    const { auths, credHelpers } = this.content;
    return [...Object.keys(auths ?? {}), ...Object.keys(credHelpers ?? {})];
  }

  /** Returns the helper for a host, or for a host and a repository prefix: from `credHelpers`, else from `credsStore`. */
  helperFor(name: string): CredentialHelper | undefined {
    const { credsStore, credHelpers } = this.content;
    const entry = Object.entries(credHelpers ?? {}).find(([key]) => nameOfKey(key) === nameOfKey(name));
    const isHost = !nameOfKey(name).includes('/');
    const helper = entry ? entry[1] : isHost && credsStore;
    return helper ? new CredentialHelper(helper) : undefined;
  }

  /** Returns the credentials that the file itself has for exactly this host (and port), or host and repository prefix. */
  credentialsFor(name: string): Credentials | undefined {
    const entries = Object.entries(this.content.auths ?? {});
    const matching = entries.filter(([key]) => nameOfKey(key) === nameOfKey(name));
    return matching.map(([, entry]) => entry && credentialsOf(entry)).find(found => found != null);
  }
}

/** Whether an error says that a file cannot be read at all, in contrast to invalid content. */
export function isUnreadable(error: unknown): error is AirgapError {
  return error instanceof AirgapError && error.cause instanceof UnreadableFile;
}

class UnreadableFile extends Error {}

async function readText(path: string): Promise<string> {
  try {
    const found = await stat(path);
    if (!found.isFile()) throw new Error(found.isDirectory() ? 'a directory' : 'not a regular file');
    if (found.size > MAX_SIZE) throw new Error(`larger than ${MAX_SIZE / 1024 / 1024} MiB`);
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return '';
    throw invalidConfig(path, `cannot be read: ${code ?? message}`, new UnreadableFile(message));
  }
}

function parse(content: string, path: string): unknown {
  if (content.trim() === '') return {};
  const document = parseJson(content.replace(/^\uFEFF/, ''));
  if (document === undefined) throw invalidConfig(path, 'not JSON');
  return document ?? {};
}

/** Returns the credentials of an entry; undefined for one without any, for which requests are anonymous. */
function credentialsOf(entry: Entry): Credentials | undefined {
  const { username, password } = basicOf(entry);
  const identityToken = entry.identitytoken || undefined;
  const registryToken = entry.registrytoken || undefined;
  if (username === '' && password === '' && !identityToken && !registryToken) return undefined;
  return { username, password, identityToken, registryToken };
}

function basicOf(entry: Entry): { readonly username: string; readonly password: string } {
  const decoded = Buffer.from(entry.auth ?? '', 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  if (colon < 0) return { username: entry.username ?? '', password: entry.password ?? '' };
  return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1).replace(/\0+$/, '') };
}

function invalidConfig(path: string, reason: string, cause?: unknown): AirgapError {
  return new AirgapError('INPUT', `invalid docker config.json: ${reason}`, {
    where: { path },
    cause,
    hint: 'Fix the file, or create it again with docker login.',
  });
}
