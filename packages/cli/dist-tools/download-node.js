// @ts-check
// node download-node.js VERSION FOLDER: an official Node.js for this machine, checked against SHASUMS256.txt. The
// release workflow makes executables of it. NODE_MIRROR may name another place with the same files.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HOST } from './node-packages.js';

const MIRROR = process.env.NODE_MIRROR ?? 'https://nodejs.org/dist';

const [version, folder] = process.argv.slice(2);
if (!version || !folder) throw new Error('usage: node download-node.js VERSION FOLDER');
await download(version, folder);

/**
 * @param {string} version
 * @param {string} folder
 */
async function download(version, folder) {
  const isWindows = process.platform === 'win32';
  const name = `node-v${version}-${HOST}.${isWindows ? 'zip' : 'tar.gz'}`;
  const sums = await get(`${MIRROR}/v${version}/SHASUMS256.txt`);
  const expected = expectedSum(sums.toString('utf8'), name);
  const archive = await get(`${MIRROR}/v${version}/${name}`);
  const found = createHash('sha256').update(archive).digest('hex');
  if (found !== expected) throw new Error(`checksum mismatch: ${name}: expected ${expected}, got ${found}`);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(path, archive);
  // Windows' own tar reads zip files; others that may come first on PATH do not.
  const tar = isWindows ? 'C:\\Windows\\System32\\tar.exe' : 'tar';
  execFileSync(tar, ['-xf', path, '-C', folder, '--strip-components=1']);
  rmSync(path);
  process.stdout.write(`${name}: sha256 ${found}\n`);
}

/**
 * @param {string} sums
 * @param {string} name
 */
function expectedSum(sums, name) {
  const lines = sums.split('\n').map(line => line.split(/\s+/));
  const line = lines.find(([, file]) => file === name);
  if (!line?.[0]) throw new Error(`SHASUMS256.txt does not list ${name}`);
  return line[0];
}

/** @param {string} url */
async function get(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`GET ${url}: ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}
