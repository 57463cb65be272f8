import { AirgapError } from '../model/errors.ts';
import { interrupted } from '../model/interrupted.ts';
import { parseRegistry } from '../reference/reference.ts';
import { CredentialWriter } from '../registry/auth/credential-writer.ts';
import { credentialHost } from '../registry/auth/docker-config.ts';
import { Registries, type RegistryOptions } from '../registry/registries.ts';

export interface LoginOptions extends Omit<RegistryOptions, 'credentials' | 'credentialFiles' | 'mirrors'> {
  /** The registry's host, with its port when it has one. */
  readonly registry: string;
  readonly username: string;
  readonly password: string;
  /** docker's config.json, which need not exist. */
  readonly dockerConfig: string;
}

export interface LoginResult {
  /** The registry's canonical host. */
  readonly registry: string;
  /** The helper's program, or the path of the config.json. */
  readonly storedIn: string;
  /** Whether a helper keeps the password; the file has it unencrypted. */
  readonly encrypted: boolean;
  /** Whether the registry asked for the credentials; one that is open to all takes any. */
  readonly checked: boolean;
}

/**
 * Checks a user and a password against a registry, and keeps them where docker looks for them.
 *
 * @throws AirgapError `DENIED` when the registry does not take them; `USAGE`, `INPUT`, `DISK`, and what registries throw
 */
export async function login(options: LoginOptions): Promise<LoginResult> {
  const { username, password, dockerConfig, signal } = options;
  const registry = credentialHost(parseRegistry(options.registry));
  // Basic credentials end the user at the first colon (RFC 7617, section 2).
  if (username === '' || username.includes(':') || password === '') {
    throw new AirgapError('USAGE', 'a user without a colon and a password are needed', {
      hint: 'Name the user with -u, and send the password with --password-stdin.',
    });
  }
  try {
    const keyring = await CredentialWriter.open(dockerConfig);
    const checked = await check(registry, options);
    await keyring.store(registry, { username, password }, signal);
    const { name, isHelper } = keyring.location(registry);
    return { registry, storedIn: name, encrypted: isHelper, checked };
  } catch (error) {
    throw signal?.aborted ? interrupted(error) : error;
  }
}

async function check(registry: string, options: LoginOptions): Promise<boolean> {
  const { username, password } = options;
  const credentials = { [registry]: { username, password } };
  await using registries = await Registries.open({ ...options, credentials, credentialFiles: [] });
  try {
    return await registries.ping(registry);
  } catch (error) {
    if (!(error instanceof AirgapError) || error.code !== 'DENIED') throw error;
    throw new AirgapError('DENIED', `${registry} does not take this user and password`, {
      where: { host: registry },
      hint: 'Check them; many registries want an access token in the place of the password.',
      cause: error,
    });
  }
}
