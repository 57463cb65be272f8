import { readFileSync } from 'node:fs';
import { mkdir, open, readFile, rm, rmdir, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { AirgapError } from '../../model/errors.ts';

/** Who holds a lock. */
const holderSchema = z.object({ pid: z.int().positive(), host: z.string(), started: z.string() });
type Holder = z.infer<typeof holderSchema>;

/** How long a holder may take from creating its lock to writing its name into it, in ms. */
const WRITING = 2_000;
/** How long a lock may be about to be broken, in ms; who takes longer has died over it. */
const BREAKING = 10_000;
/** Between two looks, in ms. */
const PAUSE = 50;

/**
 * Keeps a second process away while this one lives: a file that names its holder. A holder that has died is told
 * from one that lives, so nothing has to be removed by hand after a crash.
 */
export class PidLock implements AsyncDisposable {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** @throws AirgapError `DISK` while another process has it, and what the file system throws */
  static async take(path: string): Promise<PidLock> {
    const own: Holder = { pid: process.pid, host: hostname(), started: startOf(process.pid) };
    while (!(await create(path, JSON.stringify(own)))) {
      const holder = await holderOf(path);
      if (typeof holder === 'object' && isAlive(holder)) throw taken(path, holder);
      if (holder === 'damaged' || typeof holder === 'object') await breakLock(path);
      await sleep(PAUSE);
    }
    return new PidLock(path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#path, { force: true });
  }
}

async function create(path: string, text: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(text);
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Who holds the lock, if it can be told: it may be gone, about to be written, or left half-written by a crash. */
async function holderOf(path: string): Promise<Holder | 'gone' | 'unwritten' | 'damaged'> {
  try {
    return holderSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'gone';
    return (await isYoung(path, WRITING)) ? 'unwritten' : 'damaged';
  }
}

/**
 * Removes a lock whose holder has died. One at a time: otherwise the second would remove what the first has created
 * in its place. A folder keeps the others out, because it is made on every file system, and by one only.
 */
async function breakLock(path: string): Promise<void> {
  const breaking = `${path}.breaking`;
  try {
    await mkdir(breaking);
  } catch {
    if (!(await isYoung(breaking, BREAKING))) await rmdir(breaking).catch(() => {});
    return;
  }
  try {
    const holder = await holderOf(path);
    if (holder === 'damaged' || (typeof holder === 'object' && !isAlive(holder)))
      await rm(path, { force: true });
  } finally {
    await rmdir(breaking).catch(() => {});
  }
}

async function isYoung(path: string, age: number): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs < age;
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
