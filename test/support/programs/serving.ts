import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { AIRGAP } from '../airgap.ts';

/** `airgap serve` as a child process, on a free port. */
export class ServingProcess implements AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #output: { stderr: string };

  private constructor(
    child: ChildProcess,
    output: { stderr: string },
    { host, url }: { host: string; url: string },
  ) {
    this.#child = child;
    this.#output = output;
    this.host = host;
    this.url = url;
  }

  static async start(args: readonly string[], env: Record<string, string> = {}): Promise<ServingProcess> {
    const child = spawn(process.execPath, [AIRGAP, 'serve', '--json', '--listen', '127.0.0.1:0', ...args], {
      env: { ...process.env, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    child.stderr.on('data', chunk => (output.stderr += chunk));
    const address = await new Promise<{ host: string; url: string }>((resolve, reject) => {
      child.stdout.on('data', chunk => {
        output.stdout += chunk;
        if (output.stdout.endsWith('}\n')) resolve(JSON.parse(output.stdout));
      });
      child.on('exit', () => reject(new Error(`airgap serve exited: ${output.stderr}`)));
    });
    return new ServingProcess(child, output, address);
  }

  /** Its stderr so far. */
  get log(): string {
    return this.#output.stderr;
  }

  /** Its resident memory now and at its peak, in bytes. */
  memory(): { now: number; peak: number } {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    const kilobytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
    return { now: kilobytes('VmRSS') * 1024, peak: kilobytes('VmHWM') * 1024 };
  }

  /** The number of its open file descriptors. */
  handles(): number {
    return readdirSync(`/proc/${this.#child.pid}/fd`).length;
  }

  /** Sends a signal. @returns the exit status, and the time until the exit in ms */
  async end(signal: NodeJS.Signals): Promise<{ status: number | null; elapsed: number }> {
    const started = performance.now();
    const exit = new Promise<number | null>(resolve => this.#child.once('exit', resolve));
    this.#child.kill(signal);
    return { status: await exit, elapsed: performance.now() - started };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.end('SIGKILL');
  }
}
