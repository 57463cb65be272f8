import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Folders of daemons that may be missing from PATH. */
const EXTRA_PATHS = ['/usr/sbin', '/sbin'];

/** The path of a program, or nothing when it is not installed. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...EXTRA_PATHS];
  return folders.map(folder => join(folder, name)).find(isExecutable);
}

/** The programs that are not installed. @throws Error in CI, where every test must run */
export function missingPrograms(...names: string[]): string[] {
  const missing = names.filter(name => findProgram(name) === undefined);
  if (missing.length > 0 && process.env.CI) throw new Error(`missing programs in CI: ${missing.join(', ')}`);
  return missing;
}

/** Runs a program and returns its output. Rejects with its output when it fails. */
export async function output(program: string, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await run(findProgram(program) ?? program, args, {
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout + stderr;
}

/** A program that runs until it is disposed. */
export class Daemon implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #kill = () => this.#child.kill('SIGTERM');
  #log = '';

  constructor(program: string, args: readonly string[]) {
    this.#child = spawn(findProgram(program) ?? program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    // An interrupted test run must not leave it behind.
    process.once('exit', this.#kill);
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', chunk => (this.#log += chunk));
  }

  /** Waits until `check` succeeds, for at most 30 seconds. */
  async ready(check: () => Promise<unknown>): Promise<this> {
    for (let tries = 0; tries < 150; tries += 1) {
      if (this.#child.exitCode !== null) break;
      try {
        await check();
        return this;
      } catch {
        await sleep(200);
      }
    }
    throw new Error(`${this.#child.spawnfile} did not start:\n${this.#log.slice(-4000)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.#kill);
    if (this.#child.exitCode !== null) return;
    const closed = new Promise(resolve => this.#child.on('close', resolve));
    this.#kill();
    await Promise.race([closed, sleep(10_000).then(() => this.#child.kill('SIGKILL'))]);
  }
}

/** Connects once; rejects when the port is closed. */
export async function connectTo(port: number, address = '127.0.0.1'): Promise<void> {
  const socket = connect(port, address);
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  socket.destroy();
}

/** An address of this machine that is not loopback: proxies are never used for loopback. */
export function outsideAddress(): string | undefined {
  const addresses = Object.values(networkInterfaces()).flatMap(list => list ?? []);
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
}

/** A free loopback port. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise(resolve => server.close(resolve));
  return port;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
