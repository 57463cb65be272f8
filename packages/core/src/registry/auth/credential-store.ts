import type { Credentials, CredentialsByHost } from './credential.ts';
import { credentialHost, DockerConfig, keyOfHost } from './docker-config.ts';

/** Knows the credentials for each host: those given by the caller, then those of docker's config.json files. */
export class CredentialStore {
  readonly #given: ReadonlyMap<string, Credentials>;
  readonly #configs: readonly DockerConfig[];
  readonly #found = new Map<string, Promise<Credentials | undefined>>();

  private constructor(given: CredentialsByHost, configs: readonly DockerConfig[]) {
    this.#given = new Map(Object.entries(given).map(([host, one]) => [credentialHost(host), one]));
    this.#configs = configs;
  }

  /**
   * Reads the files, of which the first that knows a host wins; no helper is asked yet.
   *
   * @throws AirgapError `INPUT` for a file that is no config.json; its content is never quoted
   */
  static async read(paths: readonly string[], given: CredentialsByHost = {}): Promise<CredentialStore> {
    return new CredentialStore(given, await Promise.all(paths.map(path => DockerConfig.read(path))));
  }

  /**
   * The credentials for exactly this host (and port); a helper is asked when they are first needed, and once.
   *
   * @throws AirgapError `INPUT` when a helper fails
   */
  async for(host: string, signal?: AbortSignal): Promise<Credentials | undefined> {
    const own = credentialHost(host);
    const found = this.#found.get(own) ?? this.#find(own, signal);
    this.#found.set(own, found);
    return found;
  }

  async #find(host: string, signal: AbortSignal | undefined): Promise<Credentials | undefined> {
    const given = this.#given.get(host);
    if (given) return given;
    for (const config of this.#configs) {
      const found =
        (await config.helperFor(host)?.get(keyOfHost(host), signal)) ?? config.credentialsFor(host);
      if (found) return found;
    }
    return undefined;
  }
}
