import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The entry point of the program. */
export const AIRGAP = fileURLToPath(new URL('../../packages/cli/bin/airgap.js', import.meta.url));

/** The user's own settings and credentials do not apply. */
export const WITHOUT_SETTINGS = {
  DOCKER_CONFIG: '/nonexistent',
  XDG_CONFIG_HOME: '/nonexistent',
  AIRGAP_CONFIG: '',
  NO_COLOR: '1',
};

export interface Outcome {
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  readonly stdin?: string | Buffer;
  /** Sends SIGINT once stderr matches. */
  readonly interruptAt?: RegExp;
}

/** Runs the command line as a user would. */
export async function airgap(
  args: readonly string[],
  { cwd, env, stdin = '', interruptAt }: RunOptions = {},
): Promise<Outcome> {
  const child = spawn(process.execPath, [AIRGAP, ...args], {
    cwd,
    env: { ...withoutFlags(process.env), ...WITHOUT_SETTINGS, ...env },
  });
  const out: Buffer[] = [];
  let stderr = '';
  let interrupted = false;
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', chunk => {
    stderr += chunk;
    if (!interrupted && interruptAt?.test(stderr)) interrupted = child.kill('SIGINT');
  });
  child.stdin.on('error', () => {});
  child.stdin.end(stdin);
  const status = await new Promise<number | null>(resolve => child.on('close', resolve));
  return { status, stdout: Buffer.concat(out), stderr };
}

/** Drops defaults of flags, AIRGAP_<FLAG>. */
function withoutFlags(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('AIRGAP_')));
}

/** A temporary directory for one test. @param files name → content of its initial files */
export class TempDir implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'airgap-test-'));

  constructor(files: Record<string, string> = {}) {
    for (const [name, text] of Object.entries(files)) writeFileSync(this.file(name), text);
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** The names of the files in it, or in a folder of it, sorted. */
  files(folder = '.'): string[] {
    return readdirSync(this.file(folder)).sort();
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
