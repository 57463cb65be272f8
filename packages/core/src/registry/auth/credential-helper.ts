import { execFile } from 'node:child_process';
import { z } from 'zod';
import { AirgapError } from '../../model/errors.ts';
import type { Credentials } from './credential.ts';

/** A helper may have to unlock a keychain or ask a cloud, but a build at night must end. In ms. */
const TIMEOUT = 30_000;
/** The most that a helper may say, in bytes. */
const MAX_ANSWER = 64 * 1024;
/** What docker's helpers say when they know nothing (docker-credential-helpers, `credentials/error.go`). */
const NOT_FOUND = /credentials not found in native keychain/;
/** The user name under which a helper keeps an identity token. */
const TOKEN_USER = '<token>';

const answerSchema = z.looseObject({ Username: z.string(), Secret: z.string() });

/** The names that may follow `docker-credential-`: no path can be made of them. */
export const HELPER_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;

type Action = 'get' | 'store' | 'erase';

/** How a helper's run ended. */
interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  /** In words, when it did not succeed. */
  readonly failure: string | undefined;
}

/**
 * A program that keeps credentials, found as `docker-credential-NAME` on PATH and spoken to without a shell
 * (docker's credential helper protocol). What it says is never quoted: there may be a secret in it.
 */
export class CredentialHelper {
  readonly program: string;

  /** @param name one that {@link HELPER_NAME} allows */
  constructor(name: string) {
    this.program = `docker-credential-${name}`;
  }

  /** Asks for what it knows of a server. @throws AirgapError `INPUT` that names the helper, for any other failure */
  async get(server: string, signal?: AbortSignal): Promise<Credentials | undefined> {
    const { stdout, stderr, failure } = await this.#run('get', server, signal);
    if (failure !== undefined) {
      if (NOT_FOUND.test(stdout) || NOT_FOUND.test(stderr)) return undefined;
      throw this.#error('get', server, failure);
    }
    const answer = answerSchema.safeParse(parseJson(stdout));
    if (!answer.success) throw this.#error('get', server, 'its answer has another form');
    const { Username: username, Secret: secret } = answer.data;
    if (username === TOKEN_USER) return { username: '', password: '', identityToken: secret };
    return { username, password: secret };
  }

  /** Keeps credentials for a server. @throws AirgapError `INPUT` that names the helper */
  async store(server: string, { username, password }: Credentials, signal?: AbortSignal): Promise<void> {
    const input = JSON.stringify({ ServerURL: server, Username: username, Secret: password });
    const { failure } = await this.#run('store', input, signal);
    if (failure !== undefined) throw this.#error('store', server, failure);
  }

  /** Forgets a server; one that it never knew is no error. @throws AirgapError `INPUT` that names the helper */
  async erase(server: string, signal?: AbortSignal): Promise<void> {
    const { stdout, stderr, failure } = await this.#run('erase', server, signal);
    if (failure === undefined || NOT_FOUND.test(stdout) || NOT_FOUND.test(stderr)) return;
    throw this.#error('erase', server, failure);
  }

  async #run(action: Action, input: string, signal: AbortSignal | undefined): Promise<Outcome> {
    const outcome = await new Promise<Outcome>(resolve => {
      const child = execFile(
        this.program,
        [action],
        { timeout: TIMEOUT, killSignal: 'SIGKILL', maxBuffer: MAX_ANSWER, windowsHide: true, signal },
        (error, stdout, stderr) => resolve({ stdout, stderr, failure: error ? wordsFor(error) : undefined }),
      );
      // A helper that reads nothing is judged by its answer.
      child.stdin?.on('error', () => {});
      child.stdin?.end(input);
    });
    signal?.throwIfAborted();
    return outcome;
  }

  #error(action: Action, server: string, reason: string): AirgapError {
    return new AirgapError('INPUT', `the credential helper ${this.program} failed to ${action}: ${reason}`, {
      where: { host: server },
      hint:
        action === 'get'
          ? `See what "echo ${server} | ${this.program} get" says, or change credsStore and credHelpers in docker's config.json.`
          : `See that ${this.program} works, or change credsStore and credHelpers in docker's config.json.`,
    });
  }
}

/** The error's own message quotes what the helper said. */
function wordsFor(error: { code?: unknown; killed?: boolean; signal?: unknown }): string {
  if (error.code === 'ENOENT') return 'there is no such program on PATH';
  if (error.code === 'EACCES') return 'it is not executable';
  if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return `it said more than ${MAX_ANSWER} bytes`;
  if (error.killed) return `it took longer than ${TIMEOUT / 1000} seconds`;
  return typeof error.code === 'number'
    ? `it ended with status ${error.code}`
    : `it was ended by ${error.signal}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
