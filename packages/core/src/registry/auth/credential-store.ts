import type { Credentials, CredentialsByHost, FoundCredentials } from './credential.ts';
import type { CredentialHelper } from './credential-helper.ts';
import { isNearMiss, keyOfHost, nameOfKey, prefixesOf } from './credential-key.ts';
import { type CredentialFile, DockerConfig, isUnreadable } from './docker-config.ts';

/** The source of credentials that the caller gives without one. */
const OPTIONS = 'the options';

/** A key of a file that is not used for a name, but has the same host name. */
export interface NearMiss {
  readonly key: string;
  readonly file: string;
}

/** Finds the credentials of a host or repository: those given by the caller, else those of docker config.json files. */
export class CredentialStore {
  readonly #given: ReadonlyMap<string, Credentials>;
  readonly #configs: readonly DockerConfig[];
  readonly #found = new Map<string, Promise<FoundCredentials | undefined>>();
  readonly #helped = new Map<string, Promise<Credentials | undefined>>();

  private constructor(given: CredentialsByHost, configs: readonly DockerConfig[]) {
    this.#given = new Map(Object.entries(given).map(([key, credentials]) => [nameOfKey(key), credentials]));
    this.#configs = configs;
  }

  /**
   * Reads the files; the first with an entry for a host is used. Runs no helpers.
   *
   * @param onWarning receives a sentence for each file that cannot be read; the others are used
   * @throws AirgapError `INPUT` for an invalid config.json; its content is never quoted
   */
  static async read(
    files: readonly CredentialFile[],
    given: CredentialsByHost = {},
    onWarning: (message: string) => void = () => {},
  ): Promise<CredentialStore> {
    return new CredentialStore(given, await Promise.all(files.map(file => readOrSkip(file, onWarning))));
  }

  /** The files that were searched. */
  get files(): readonly string[] {
    return this.#configs.map(({ path }) => path);
  }

  /**
   * Returns the credentials with the longest key that is a prefix of a name.
   *
   * @param name a host with its port if any, or host and repository
   * @throws AirgapError `INPUT` when a helper fails
   */
  async for(name: string, signal?: AbortSignal): Promise<FoundCredentials | undefined> {
    const [canonical = name] = prefixesOf(name);
    const found = this.#found.get(canonical) ?? this.#find(canonical, signal);
    this.#found.set(canonical, found);
    return found;
  }

  /** Returns the keys of the files for the same host name that do not match a name, for example without its port. */
  nearMisses(name: string): readonly NearMiss[] {
    const given = [...this.#given].map(([key, { source = OPTIONS }]) => ({ key, file: source }));
    const stored = this.#configs.flatMap(({ keys, path }) => keys.map(key => ({ key, file: path })));
    return [...given, ...stored].filter(({ key }) => isNearMiss(key, name));
  }

  async #find(name: string, signal: AbortSignal | undefined): Promise<FoundCredentials | undefined> {
    const prefixes = prefixesOf(name);
    const given = prefixes.map(prefix => this.#given.get(prefix)).find(Boolean);
    if (given) return { ...given, source: given.source ?? OPTIONS };
    for (const config of this.#configs) {
      for (const prefix of prefixes) {
        const found = await this.#inConfig(config, prefix, signal);
        if (found) return found;
      }
    }
    return undefined;
  }

  async #inConfig(
    config: DockerConfig,
    name: string,
    signal: AbortSignal | undefined,
  ): Promise<FoundCredentials | undefined> {
    const helper = config.helperFor(name);
    const helped = helper && (await this.#ask(helper, keyOfHost(name), signal));
    if (helped) return { ...helped, source: helper.program };
    const found = config.credentialsFor(name);
    return found && { ...found, source: config.path };
  }

  /** Runs a helper once per key. */
  #ask(
    helper: CredentialHelper,
    key: string,
    signal: AbortSignal | undefined,
  ): Promise<Credentials | undefined> {
    const call = `${helper.program} ${key}`;
    const helped = this.#helped.get(call) ?? helper.get(key, signal);
    this.#helped.set(call, helped);
    return helped;
  }
}

/** Public images need no credentials, so a file that cannot be read does not stop a run. */
async function readOrSkip(file: CredentialFile, onWarning: (message: string) => void): Promise<DockerConfig> {
  try {
    return await DockerConfig.read(file);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    const path = error.where.path ?? '';
    onWarning(`${path}: ${error.message}; continuing without its credentials`);
    return DockerConfig.empty(path);
  }
}
