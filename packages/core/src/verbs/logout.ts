import { parseRegistry } from '../reference/reference.ts';
import { credentialHost } from '../registry/auth/credential-key.ts';
import { CredentialWriter } from '../registry/auth/credential-writer.ts';
import { checkOptions } from './check-options.ts';

export interface LogoutOptions {
  /** The registry host, with its port if any. */
  readonly registry: string;
  /** The path of docker's config.json, which need not exist. */
  readonly dockerConfig: string;
  readonly signal?: AbortSignal | undefined;
}

export interface LogoutResult {
  /** The canonical host of the registry. */
  readonly registry: string;
  /** Whether credentials existed. */
  readonly removed: boolean;
}

/** Removes the credentials of a registry from where docker looks for them. @throws AirgapError `INPUT`, `DISK` */
export async function logout(options: LogoutOptions): Promise<LogoutResult> {
  checkOptions('logout', options, ['registry']);
  const { registry: text, dockerConfig, signal } = options;
  const registry = credentialHost(parseRegistry(text));
  const writer = await CredentialWriter.open(dockerConfig);
  return { registry, removed: await writer.erase(registry, signal) };
}
