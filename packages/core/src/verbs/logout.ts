import { parseRegistry } from '../reference/reference.ts';
import { CredentialWriter } from '../registry/auth/credential-writer.ts';
import { credentialHost } from '../registry/auth/docker-config.ts';

export interface LogoutOptions {
  /** The registry's host, with its port when it has one. */
  readonly registry: string;
  /** docker's config.json, which need not exist. */
  readonly dockerConfig: string;
  readonly signal?: AbortSignal | undefined;
}

export interface LogoutResult {
  /** The registry's canonical host. */
  readonly registry: string;
  /** Whether there was anything to forget. */
  readonly removed: boolean;
}

/** Forgets a registry's credentials, where docker looks for them. @throws AirgapError `INPUT`, `DISK` */
export async function logout({ registry: text, dockerConfig, signal }: LogoutOptions): Promise<LogoutResult> {
  const registry = credentialHost(parseRegistry(text));
  const keyring = await CredentialWriter.open(dockerConfig);
  return { registry, removed: await keyring.erase(registry, signal) };
}
