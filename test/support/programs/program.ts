import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { accessSync, closeSync, constants, openSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { isStatic } from './elf.ts';

const run = promisify(execFile);

/** Folders of daemons that may be missing from PATH. */
const EXTRA_PATHS = ['/usr/sbin', '/sbin'];

/** The path of a program, or nothing when it is not installed. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...EXTRA_PATHS];
  return folders.map(folder => join(folder, name)).find(isExecutable);
}

/** What a program needs besides being installed, in words, and whether this machine has it. */
const CONDITIONS: Readonly<Record<string, readonly [string, (path: string) => boolean]>> = {
  // It runs in images that have no shared libraries.
  busybox: ['statically linked', isStatic],
  dockerd: ['as root', () => process.getuid?.() === 0],
  containerd: ['as root', () => process.getuid?.() === 0],
};

/** The programs that are not installed or not suitable. @throws Error in CI, where every test must run */
export function missingPrograms(...names: string[]): string[] {
  const missing = names.flatMap(name => problemOf(name) ?? []);
  if (missing.length > 0 && process.env.CI) throw new Error(`missing programs in CI: ${missing.join(', ')}`);
  return missing;
}

/** Whether tests must be skipped because programs are missing; prints what is skipped, and why. */
export function lacks(what: string, ...programs: string[]): boolean {
  const missing = missingPrograms(...programs);
  if (missing.length > 0) process.stderr.write(`\nSKIPPED: ${what}: missing ${missing.join(', ')}\n`);
  return missing.length > 0;
}

function problemOf(name: string): string | undefined {
  const path = findProgram(name);
  if (path === undefined) return name;
  const [words, isMet] = CONDITIONS[name] ?? [];
  return isMet === undefined || isMet(path) ? undefined : `${name} (${words})`;
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
  static readonly #running = new Set<ChildProcess>();
  static readonly #killAll = () => {
    for (const child of Daemon.#running) child.kill('SIGTERM');
  };
  readonly #child: ChildProcess;
  readonly #logFile: string | undefined;
  #log = '';

  /** @param logFile where its output goes; kept in memory by default */
  constructor(program: string, args: readonly string[], logFile?: string) {
    this.#logFile = logFile;
    const output = logFile === undefined ? 'pipe' : openSync(logFile, 'w');
    this.#child = spawn(findProgram(program) ?? program, args, { stdio: ['ignore', output, output] });
    if (typeof output === 'number') closeSync(output);
    // An interrupted test run must not leave it behind.
    if (Daemon.#running.size === 0) process.on('exit', Daemon.#killAll);
    Daemon.#running.add(this.#child);
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', chunk => (this.#log += chunk));
  }

  /** Waits until `check` succeeds, for at most 30 seconds. */
  async ready(check: () => Promise<unknown>): Promise<this> {
    for (let tries = 0; tries < 600; tries += 1) {
      if (this.#child.exitCode !== null) break;
      try {
        await check();
        return this;
      } catch {
        await sleep(50);
      }
    }
    throw new Error(`${this.#child.spawnfile} did not start:\n${this.log().slice(-4000)}`);
  }

  /** What it has printed so far. */
  log(): string {
    return this.#logFile === undefined ? this.#log : readFileSync(this.#logFile, 'utf8');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    Daemon.#running.delete(this.#child);
    if (Daemon.#running.size === 0) process.off('exit', Daemon.#killAll);
    if (this.#child.exitCode !== null) return;
    const closed = new Promise(resolve => this.#child.on('close', resolve));
    this.#child.kill('SIGTERM');
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
