import { readFileSync, readlinkSync } from 'node:fs';
import { mkdir, open, readFile, rm, rmdir, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { AirgapError } from '../../model/errors.ts';
import { parseJson } from '../../model/parse-json.ts';

/** The process that holds a lock, and where its pid counts: two containers may have one host name. */
const holderSchema = z.object({
  pid: z.int().positive(),
  host: z.string(),
  /** The boot of the machine; missing where the system does not tell. */
  boot: z.string().optional(),
  /** The PID namespace; missing where there are none. */
  namespace: z.string().optional(),
  started: z.string(),
});
type Holder = z.infer<typeof holderSchema>;

/** The time that a holder has between creating its lock file and writing it, in ms. */
const WRITE_TIMEOUT = 2_000;
/** The time that a process has to break a lock, in ms; after that it is considered dead. */
const BREAK_TIMEOUT = 10_000;
/** In ms. */
const POLL_INTERVAL = 50;

/**
 * An exclusive lock between processes: a file that names its holder. The lock of a dead process is detected and
 * broken, so a crash needs no manual cleanup.
 */
export class PidLock implements AsyncDisposable {
  readonly #path: string;
  /** What the file contains. */
  readonly #text: string;

  private constructor(path: string, text: string) {
    this.#path = path;
    this.#text = text;
  }

  /** @throws AirgapError `DISK` while another process holds the lock, and file system errors */
  static async take(path: string): Promise<PidLock> {
    const self: Holder = { pid: process.pid, ...here(), started: startOf(process.pid) };
    const text = JSON.stringify(self);
    while (!(await create(path, text))) {
      const holder = await holderOf(path);
      if (typeof holder === 'object' && isAlive(holder)) throw lockedError(path, holder);
      if (holder === 'damaged' || typeof holder === 'object') await breakLock(path);
      await sleep(POLL_INTERVAL);
    }
    return new PidLock(path, text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The user may have removed it, and another process may have taken it since.
    const text = await readFile(this.#path, 'utf8').catch(() => undefined);
    if (text === this.#text) await rm(this.#path, { force: true });
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

/** Reads the holder of a lock. The lock may be gone, not written yet, or damaged by a crash. */
async function holderOf(path: string): Promise<Holder | 'gone' | 'unwritten' | 'damaged'> {
  try {
    return holderSchema.parse(parseJson(await readFile(path, 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'gone';
    return (await isYoungerThan(WRITE_TIMEOUT, path)) ? 'unwritten' : 'damaged';
  }
}

/**
 * Removes a lock whose holder is dead. Only one process may do so at a time; otherwise a second one could remove the
 * new lock of the first. A directory serves as the mutex, because creating one is atomic on every file system.
 */
async function breakLock(path: string): Promise<void> {
  const breaking = `${path}.breaking`;
  try {
    await mkdir(breaking);
  } catch {
    if (!(await isYoungerThan(BREAK_TIMEOUT, breaking))) await rmdir(breaking).catch(() => {});
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

async function isYoungerThan(age: number, path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined);
  return stats !== undefined && Date.now() - stats.mtimeMs < age;
}

/** Where a pid of this process counts. */
function here(): Pick<Holder, 'host' | 'boot' | 'namespace'> {
  return {
    host: hostname(),
    boot: readIfThere(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    namespace: readIfThere(() => readlinkSync('/proc/self/ns/pid')),
  };
}

function readIfThere(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** Whether a holder is in the PID namespace of this process; one that names none is. */
function isNear({ boot, namespace }: Holder): boolean {
  const own = here();
  return (boot ?? own.boot) === own.boot && (namespace ?? own.namespace) === own.namespace;
}

/** A process of another host, boot or PID namespace cannot be checked, so it counts as alive. */
function isAlive(holder: Holder): boolean {
  const { pid, host, started } = holder;
  if (host !== hostname() || !isNear(holder)) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return startOf(pid) === started;
}

/**
 * The start time of a process, on Linux; empty elsewhere, `dead` for a zombie. A pid alone does not identify a process:
 * pids are reused, and zombies keep theirs.
 */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // proc(5): the name is in parentheses and may contain any character; state and start time are the 1st and 20th
    // field after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const state = fields[0] ?? '';
    return 'ZX'.includes(state) ? 'dead' : (fields[19] ?? '');
  } catch {
    return '';
  }
}

function lockedError(path: string, holder: Holder): AirgapError {
  const { pid, host } = holder;
  const isForeign = host === hostname() && !isNear(holder);
  const place = isForeign ? `${host}, in another container or before a restart` : host;
  return new AirgapError('DISK', `another build is writing this bundle: process ${pid} on ${place}`, {
    where: { path },
    hint: `Wait for it, or stop it; if the process does not exist, remove ${path}.`,
  });
}
