import type { Credentials, CredentialsByHost } from './credential.ts';
import { credentialHost, DockerConfig, keyOfHost } from './docker-config.ts';

/** Finds the credentials of a host: those given by the caller, else those of docker config.json files. */
export class CredentialStore {
  readonly #given: ReadonlyMap<string, Credentials>;
  readonly #configs: readonly DockerConfig[];
  readonly #found = new Map<string, Promise<Credentials | undefined>>();

  private constructor(given: CredentialsByHost, configs: readonly DockerConfig[]) {
    this.#given = new Map(
      Object.entries(given).map(([host, credentials]) => [credentialHost(host), credentials]),
    );
    this.#configs = configs;
  }

  /**
   * Reads the files; the first with an entry for a host is used. Runs no helpers.
   *
   * @throws AirgapError `INPUT` for an invalid config.json; its content is never quoted
   */
  static async read(paths: readonly string[], given: CredentialsByHost = {}): Promise<CredentialStore> {
    return new CredentialStore(given, await Promise.all(paths.map(path => DockerConfig.read(path))));
  }

  /**
   * Returns the credentials for exactly this host (and port). A helper runs once per host, on first use.
   *
   * @throws AirgapError `INPUT` when a helper fails
   */
  async for(host: string, signal?: AbortSignal): Promise<Credentials | undefined> {
    const key = credentialHost(host);
    const found = this.#found.get(key) ?? this.#find(key, signal);
    this.#found.set(key, found);
    return found;
  }

  async #find(host: string, signal: AbortSignal | undefined): Promise<Credentials | undefined> {
    const given = this.#given.get(host);
    if (given) return given;
    for (const config of this.#configs) {
      const fromHelper = await config.helperFor(host)?.get(keyOfHost(host), signal);
      const found = fromHelper ?? config.credentialsFor(host);
      if (found) return found;
    }
    return undefined;
  }
}
