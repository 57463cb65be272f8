import { z } from 'zod';
import { AirgapError } from '../../model/errors.ts';
import { parseJson } from '../../model/parse-json.ts';
import { runProgram } from '../../process/run-program.ts';
import type { Credentials } from './credential.ts';

/** A helper may unlock a keychain or query a cloud, but must not block an unattended build. In ms. */
const TIMEOUT = 30_000;
/** The size limit of the output of a helper, in characters. */
const MAX_OUTPUT = 64 * 1024;
/** The message of docker's helpers for unknown servers (docker-credential-helpers, `credentials/error.go`). */
const NOT_FOUND = /credentials not found in native keychain/;
/** The user name that marks an identity token. */
const TOKEN_USER = '<token>';

const outputSchema = z.looseObject({ Username: z.string(), Secret: z.string() });

/** Valid suffixes of `docker-credential-`, which cannot form a path. */
export const HELPER_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;

type Action = 'get' | 'store' | 'erase';

/**
 * A program that stores credentials, `docker-credential-NAME` on PATH (docker's credential helper protocol). It runs
 * without a shell. Its output is never quoted, as it may contain secrets.
 */
export class CredentialHelper {
  readonly program: string;

  /** @param name must match {@link HELPER_NAME} */
  constructor(name: string) {
    this.program = `docker-credential-${name}`;
  }

  /** Returns the credentials of a server; undefined when it has none. @throws AirgapError `INPUT` that names the helper */
  async get(server: string, signal?: AbortSignal): Promise<Credentials | undefined> {
    const { stdout, stderr, failure } = await this.#run('get', server, signal);
    if (failure !== undefined) {
      if (NOT_FOUND.test(stdout) || NOT_FOUND.test(stderr)) return undefined;
      throw this.#error('get', server, failure.reason);
    }
    const parsed = outputSchema.safeParse(parseJson(stdout));
    if (!parsed.success) throw this.#error('get', server, 'unexpected output');
    const { Username: username, Secret: secret } = parsed.data;
    // Some helpers answer so for servers that they do not know.
    if (username === '' && secret === '') return undefined;
    if (username === TOKEN_USER) return { username: '', password: '', identityToken: secret };
    return { username, password: secret };
  }

  /** Stores the credentials of a server. @throws AirgapError `INPUT` that names the helper */
  async store(server: string, { username, password }: Credentials, signal?: AbortSignal): Promise<void> {
    const input = JSON.stringify({ ServerURL: server, Username: username, Secret: password });
    const { failure } = await this.#run('store', input, signal);
    if (failure !== undefined) throw this.#error('store', server, failure.reason);
  }

  /** Erases the credentials of a server, if any. @throws AirgapError `INPUT` that names the helper */
  async erase(server: string, signal?: AbortSignal): Promise<void> {
    const { stdout, stderr, failure } = await this.#run('erase', server, signal);
    if (failure === undefined || NOT_FOUND.test(stdout) || NOT_FOUND.test(stderr)) return;
    throw this.#error('erase', server, failure.reason);
  }

  #run(action: Action, input: string, signal: AbortSignal | undefined) {
    const options = { input, signal, timeout: TIMEOUT, maxOutput: MAX_OUTPUT };
    return runProgram(this.program, [action], options);
  }

  #error(action: Action, server: string, reason: string): AirgapError {
    const check =
      action === 'get' ? `Run "echo ${server} | ${this.program} get" to check it` : `Check ${this.program}`;
    return new AirgapError('INPUT', `the credential helper ${this.program} failed to ${action}: ${reason}`, {
      where: { host: server },
      hint: `${check}, or change credsStore and credHelpers in docker's config.json.`,
    });
  }
}
