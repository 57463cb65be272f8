import { readFileSync } from 'node:fs';

/** The version in package.json. Only builds that are a single file define it: they have no package.json. */
declare const AIRGAP_VERSION: string | undefined;

/** The version from package.json. */
export function version(): string {
  if (typeof AIRGAP_VERSION === 'string') return AIRGAP_VERSION;
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** What `--version` prints: the version, the form of the program, and the Node.js that runs it. */
export function versionLine(): string {
  return `airgap ${version()} (${form()}, node ${process.version})`;
}

/** In which form the program runs. */
export function form(): 'package' | 'single executable' | 'single file' {
  if (typeof AIRGAP_VERSION !== 'string') return 'package';
  return process.getBuiltinModule('node:sea').isSea() ? 'single executable' : 'single file';
}
