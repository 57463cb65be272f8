import { readFileSync } from 'node:fs';
import { open, readFile, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { AirgapError } from '../errors.ts';

/** Who holds a lock. */
const holderSchema = z.object({ pid: z.int().positive(), host: z.string(), started: z.string() });
type Holder = z.infer<typeof holderSchema>;

/** How long a holder may take from creating its lock to writing its name into it, in ms. */
const WRITING = 200;
const ATTEMPTS = 5;

/**
 * Keeps a second process away while this one lives: a file that names its holder. A holder that has died is told
 * from one that lives, so nothing has to be removed by hand after a crash.
 */
export class Lock implements AsyncDisposable {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** @throws AirgapError `DISK` while another process has it, and what the file system throws */
  static async take(path: string): Promise<Lock> {
    const own: Holder = { pid: process.pid, host: hostname(), started: startOf(process.pid) };
    for (let attempt = 1; ; attempt += 1) {
      try {
        const file = await open(path, 'wx');
        await file.writeFile(JSON.stringify(own));
        await file.close();
        return new Lock(path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt === ATTEMPTS) throw error;
      }
      const holder = await holderOf(path);
      if (holder && isAlive(holder)) throw taken(path, holder);
      await rm(path, { force: true });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#path, { force: true });
  }
}

async function holderOf(path: string): Promise<Holder | undefined> {
  for (const wait of [0, WRITING]) {
    await sleep(wait);
    try {
      return holderSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    } catch {
      // Empty for a moment, or left so by a crash: the second look decides.
    }
  }
  return undefined;
}

/** On another host nobody can tell, and so it counts as alive. */
function isAlive({ pid, host, started }: Holder): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return startOf(pid) === started;
}

/** When a process was started, where the system says so (Linux): a pid alone is used again, and kept by the dead. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // proc(5): the name stands in brackets and may hold anything; state and start time are the 1st and 20th after it.
    const [, state = '', ...fields] = stat.slice(stat.lastIndexOf(')')).split(' ');
    return 'ZX'.includes(state) ? 'dead' : (fields[18] ?? '');
  } catch {
    return '';
  }
}

function taken(path: string, { pid, host }: Holder): AirgapError {
  return new AirgapError('DISK', `another build is writing this bundle: process ${pid} on ${host}`, {
    where: { path },
    hint: `Wait for it, or stop it; if there is no such process, remove ${path}.`,
  });
}
