import { AirgapError } from '../model/errors.ts';
import { interruptible } from '../model/interrupted.ts';
import { parseRegistry } from '../reference/reference.ts';
import { isReplicatedHost } from '../reference/replicated.ts';
import { credentialHost } from '../registry/auth/credential-key.ts';
import { CredentialWriter } from '../registry/auth/credential-writer.ts';
import { Registries, type RegistryOptions } from '../registry/registries.ts';
import { loginHint } from '../replicated/login-hint.ts';
import { checkOptions } from './check-options.ts';

export interface LoginOptions extends Omit<RegistryOptions, 'credentials' | 'credentialFiles' | 'mirrors'> {
  /** The registry host, with its port if any. */
  readonly registry: string;
  readonly username: string;
  readonly password: string;
  /** The path of docker's config.json, which need not exist. */
  readonly dockerConfig: string;
  /** A host that is registry.replicated.com under another name. */
  readonly registryDomain?: string | undefined;
}

export interface LoginResult {
  /** The canonical host of the registry. */
  readonly registry: string;
  /** The program of the credential helper, or the path of the config.json. */
  readonly storedIn: string;
  /** Whether a helper stores the password; the file has it unencrypted. */
  readonly encrypted: boolean;
  /** Whether the registry verified the credentials; a registry without authentication accepts any. */
  readonly checked: boolean;
}

/**
 * Checks a username and a password against a registry, and stores them where docker looks for them. The Replicated
 * registry takes an e-mail with a user API token or a password, any username with a service account token, and a license
 * ID as both.
 *
 * @throws AirgapError `DENIED` when the registry rejects them; `USAGE`, `INPUT`, `DISK`, `NOT_FOUND`, `REGISTRY` or
 * `NETWORK`
 * @example
 * await login({ registry: 'registry.example.com', username, password, dockerConfig: '/home/me/.docker/config.json' });
 */
export async function login(options: LoginOptions): Promise<LoginResult> {
  checkOptions('login', options, ['registry']);
  const { username, password, dockerConfig, signal } = options;
  const registry = credentialHost(parseRegistry(options.registry));
  // In Basic credentials the username ends at the first colon (RFC 7617, section 2).
  if (username === '' || username.includes(':') || password === '') {
    throw new AirgapError('USAGE', 'username (without ":") and password are required', {
      hint: 'Pass the username with -u, and the password with --password-stdin.',
    });
  }
  return interruptible(signal, async () => {
    const writer = await CredentialWriter.open(dockerConfig);
    const checked = await check(registry, options);
    await writer.store(registry, { username, password }, signal);
    const { name, isHelper } = writer.location(registry);
    return { registry, storedIn: name, encrypted: isHelper, checked };
  });
}

async function check(registry: string, options: LoginOptions): Promise<boolean> {
  const { username, password } = options;
  const credentials = { [registry]: { username, password } };
  await using registries = await Registries.open({ ...options, credentials, credentialFiles: [] });
  try {
    return await registries.ping(registry);
  } catch (error) {
    if (!(error instanceof AirgapError) || error.code !== 'DENIED') throw error;
    throw new AirgapError('DENIED', `${registry} rejected the username and password`, {
      where: { host: registry },
      hint: isReplicatedHost(registry, options)
        ? loginHint(username, password)
        : 'Check them; many registries require an access token instead of the password.',
      cause: error,
    });
  }
}
