import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { replaceFile } from '../../fs/replace-file.ts';
import { AirgapError } from '../../model/errors.ts';
import type { Credentials } from './credential.ts';
import { keyOfHost, nameOfKey } from './credential-key.ts';
import { DockerConfig } from './docker-config.ts';

/** Where credentials are stored. */
export interface CredentialLocation {
  /** The program of the helper, or the path of the config.json. */
  readonly name: string;
  /** Whether it is a helper; a file is not encrypted. */
  readonly isHelper: boolean;
}

/** Stores credentials where docker looks for them: in the helper that its config.json names, or in that file. */
export class CredentialWriter {
  readonly #config: DockerConfig;

  private constructor(config: DockerConfig) {
    this.#config = config;
  }

  /** @param path of a config.json, which need not exist. @throws AirgapError `INPUT` for an invalid file */
  static async open(path: string): Promise<CredentialWriter> {
    return new CredentialWriter(await DockerConfig.read(path));
  }

  /** Returns where the credentials of a host are stored. */
  location(host: string): CredentialLocation {
    const helper = this.#config.helperFor(host);
    return { name: helper?.program ?? this.#config.path, isHelper: helper !== undefined };
  }

  /** Stores the credentials of a host. @throws AirgapError `INPUT` from a helper, `DISK` when the file cannot be written */
  async store(host: string, credentials: Credentials, signal?: AbortSignal): Promise<void> {
    const key = keyOfHost(host);
    const helper = this.#config.helperFor(host);
    await helper?.store(key, credentials, signal);
    const { username, password } = credentials;
    const auth = Buffer.from(`${username}:${password}`).toString('base64');
    const others = this.#others(host);
    if (!helper) await this.#write({ ...others, [key]: { auth } });
    else if (this.#hasEntry(host)) await this.#write(others);
  }

  /**
   * Erases the credentials of a host.
   *
   * @returns whether any existed
   * @throws AirgapError `INPUT` from a helper, `DISK` when the file cannot be written
   */
  async erase(host: string, signal?: AbortSignal): Promise<boolean> {
    const key = keyOfHost(host);
    const helper = this.#config.helperFor(host);
    const wasInHelper = (await helper?.get(key, signal)) !== undefined;
    if (wasInHelper) await helper?.erase(key, signal);
    const wasInFile = this.#config.credentialsFor(host) !== undefined;
    if (this.#hasEntry(host)) await this.#write(this.#others(host));
    return wasInHelper || wasInFile;
  }

  #hasEntry(host: string): boolean {
    return Object.keys(this.#config.content.auths ?? {}).some(key => nameOfKey(key) === nameOfKey(host));
  }

  #others(host: string): object {
    const entries = Object.entries(this.#config.content.auths ?? {});
    return Object.fromEntries(entries.filter(([key]) => nameOfKey(key) !== nameOfKey(host)));
  }

  async #write(auths: object): Promise<void> {
    const { path, content } = this.#config;
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      // Readable by the owner only.
      await replaceFile(path, `${JSON.stringify({ ...content, auths }, undefined, '\t')}\n`, 0o600);
    } catch (cause) {
      throw new AirgapError('DISK', `cannot write the credentials file: ${(cause as Error).message}`, {
        where: { path },
        hint: 'Make the file writable, or set DOCKER_CONFIG to another folder.',
      });
    }
  }
}
