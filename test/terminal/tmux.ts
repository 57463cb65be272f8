import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long a screen may take to show something, in ms. */
const PATIENCE = 20_000;

/** A shell in a terminal of a given size: a tmux server of its own. */
export class Terminal implements Disposable {
  readonly #socket: string;

  /** @param env variables of the shell, beside its PATH */
  constructor(columns: number, rows: number, cwd: string, env: Record<string, string>) {
    this.#socket = `airgap-test-${process.pid}-${columns}x${rows}`;
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const shell = ['env', ...variables, 'PS1=$ ', 'bash', '--norc', '--noprofile'];
    const size = ['-x', String(columns), '-y', String(rows)];
    this.#tmux('new-session', '-d', ...size, '-c', cwd, ...shell);
  }

  /** Types a line and presses Enter. */
  run(line: string): void {
    this.#tmux('send-keys', '-l', line);
    this.press('Enter');
  }

  press(key: string): void {
    this.#tmux('send-keys', key);
  }

  clear(): void {
    this.press('C-l');
  }

  resize(columns: number, rows: number): void {
    this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** The text on the screen, wrapped lines joined, without blanks at the ends of lines. */
  get screen(): string {
    return this.#tmux('capture-pane', '-p', '-J')
      .replace(/[ \t]+$/gm, '')
      .trimEnd();
  }

  /** Waits for the screen to match, and then to settle. @returns the screen */
  async shows(expected: RegExp): Promise<string> {
    const end = Date.now() + PATIENCE;
    while (!expected.test(this.screen)) {
      if (Date.now() > end) throw new Error(`the screen does not show ${expected}:\n${this.screen}`);
      await sleep(50);
    }
    await sleep(400);
    return this.screen;
  }

  [Symbol.dispose](): void {
    this.#tmux('kill-server');
  }

  #tmux(...args: string[]): string {
    return execFileSync('tmux', ['-L', this.#socket, '-f', '/dev/null', ...args], { encoding: 'utf8' });
  }
}
