// @ts-check
// Runs in the folder of a package before npm or pnpm packs it: builds it, from nothing. Otherwise npm would pack an
// unbuilt package, or files of an older build, without a word.
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { name, dependencies = {} } = JSON.parse(readFileSync('package.json', 'utf8'));
const isPnpm = process.env.npm_config_user_agent?.startsWith('pnpm/');
const usesCatalog = Object.values(dependencies).includes('catalog:');

if (usesCatalog && !isPnpm) {
  process.stderr.write(
    `error: npm cannot resolve the "catalog:" versions of ${name}\n  next: Run pnpm pack.\n`,
  );
  process.exitCode = 2;
} else {
  const { packageManager } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
  const [pnpm] = packageManager.split('+');
  const { npm_execpath: path = '' } = process.env;
  const command = isPnpm ? [process.execPath, path] : ['npx', '--yes', pnpm];
  rmSync('dist', { recursive: true, force: true });
  execFileSync(command[0] ?? '', [...command.slice(1), 'run', 'build'], {
    // What is printed on stdout belongs to the caller: the name of the file, or JSON.
    stdio: ['ignore', 2, 2],
    shell: !isPnpm && process.platform === 'win32',
  });
}
