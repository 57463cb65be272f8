import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { AirgapError } from '../errors.ts';
import { canonicalHost } from '../reference/reference.ts';

/** What a registry takes as proof: a user and a password, or an identity token to trade for an access token. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
  readonly identityToken?: string | undefined;
}

const authSchema = z.looseObject({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
});
const configSchema = z.looseObject({ auths: z.record(z.string(), authSchema).optional() });
type AuthEntry = z.infer<typeof authSchema>;

/** The credentials that docker's config.json files hold. */
export class CredentialStore {
  readonly #byHost: ReadonlyMap<string, Credentials>;

  private constructor(byHost: ReadonlyMap<string, Credentials>) {
    this.#byHost = byHost;
  }

  /**
   * Reads the files in order, the first one that knows a host wins; files that do not exist are passed over.
   *
   * @throws AirgapError `INPUT` for a file that is no config.json; its content is never quoted
   */
  static async read(paths: readonly string[]): Promise<CredentialStore> {
    const byHost = new Map<string, Credentials>();
    for (const path of paths) {
      for (const [key, entry] of await readAuths(path)) {
        const host = hostOfKey(key);
        const credentials = credentialsOf(entry);
        if (credentials && !byHost.has(host)) byHost.set(host, credentials);
      }
    }
    return new CredentialStore(byHost);
  }

  /** The credentials for exactly this host (and port). */
  for(host: string): Credentials | undefined {
    return this.#byHost.get(canonicalHost(host));
  }
}

async function readAuths(path: string): Promise<[string, AuthEntry][]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw unreadable(path, 'it cannot be read', cause);
  }
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    // JSON.parse quotes what it stumbles over, and that may be a password.
    throw unreadable(path, 'it is not JSON');
  }
  const result = configSchema.safeParse(document);
  if (!result.success)
    throw unreadable(path, `"${String(result.error.issues[0]?.path[0])}" has another form`);
  return Object.entries(result.data.auths ?? {});
}

/** Keys are hosts, but Docker Hub's is a URL, and old files have URLs for all. */
function hostOfKey(key: string): string {
  const host = key.replace(/^https?:\/\//, '').split('/', 1)[0] ?? key;
  return canonicalHost(host);
}

function credentialsOf(entry: AuthEntry): Credentials | undefined {
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

function unreadable(path: string, reason: string, cause?: unknown): AirgapError {
  return new AirgapError('INPUT', `the credentials file is no docker config.json: ${reason}`, {
    where: { path },
    cause,
    hint: 'Mend the file, or write it anew with docker login.',
  });
}
