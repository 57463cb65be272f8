import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { replaceFile } from '../../fs/replace-file.ts';
import { AirgapError } from '../../model/errors.ts';
import type { Credentials } from './credential.ts';
import { DockerConfig, hostOfKey, keyOfHost } from './docker-config.ts';

/** Where credentials are kept. */
export interface CredentialLocation {
  /** The helper's program, or the path of the config.json. */
  readonly name: string;
  /** Whether it is a helper; a file is not encrypted. */
  readonly isHelper: boolean;
}

/** Keeps credentials where docker looks for them: with the helper that its config.json names, or in that file. */
export class CredentialWriter {
  readonly #config: DockerConfig;

  private constructor(config: DockerConfig) {
    this.#config = config;
  }

  /** @param path of a config.json, which need not exist. @throws AirgapError `INPUT` for a file that is none */
  static async open(path: string): Promise<CredentialWriter> {
    return new CredentialWriter(await DockerConfig.read(path));
  }

  /** Who keeps a host's credentials. */
  location(host: string): CredentialLocation {
    const helper = this.#config.helperFor(host);
    return { name: helper?.program ?? this.#config.path, isHelper: helper !== undefined };
  }

  /** Keeps the credentials for a host. @throws AirgapError `INPUT` from a helper, `DISK` when the file cannot be written */
  async store(host: string, credentials: Credentials, signal?: AbortSignal): Promise<void> {
    const key = keyOfHost(host);
    const helper = this.#config.helperFor(host);
    await helper?.store(key, credentials, signal);
    const { username, password } = credentials;
    const auth = Buffer.from(`${username}:${password}`).toString('base64');
    const others = this.#others(host);
    if (!helper) await this.#write({ ...others, [key]: { auth } });
    else if (this.#mentions(host)) await this.#write(others);
  }

  /**
   * Forgets the credentials for a host.
   *
   * @returns whether there were any
   * @throws AirgapError `INPUT` from a helper, `DISK` when the file cannot be written
   */
  async erase(host: string, signal?: AbortSignal): Promise<boolean> {
    const key = keyOfHost(host);
    const helper = this.#config.helperFor(host);
    const helped = (await helper?.get(key, signal)) !== undefined;
    if (helped) await helper?.erase(key, signal);
    const filed = this.#config.credentialsFor(host) !== undefined;
    if (this.#mentions(host)) await this.#write(this.#others(host));
    return helped || filed;
  }

  #mentions(host: string): boolean {
    return Object.keys(this.#config.content.auths ?? {}).some(key => hostOfKey(key) === hostOfKey(host));
  }

  #others(host: string): object {
    const entries = Object.entries(this.#config.content.auths ?? {});
    return Object.fromEntries(entries.filter(([key]) => hostOfKey(key) !== hostOfKey(host)));
  }

  async #write(auths: object): Promise<void> {
    const { path, content } = this.#config;
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      // Nobody else reads it at all.
      await replaceFile(path, `${JSON.stringify({ ...content, auths }, undefined, '\t')}\n`, 0o600);
    } catch (cause) {
      throw new AirgapError('DISK', `the credentials file cannot be written: ${(cause as Error).message}`, {
        where: { path },
        hint: 'Mend that, or name another folder in DOCKER_CONFIG.',
      });
    }
  }
}
