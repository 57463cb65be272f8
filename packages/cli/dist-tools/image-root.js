// @ts-check
// The files of the container image: the executable, the libraries that it is linked with, and CA certificates. They
// come from this machine, which has to be a Linux with glibc, so that no base image is needed.
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
const USER = 65532;
/** Debian's packages of the libraries and of the certificates, whose licences go into the image. */
const DOCUMENTED = ['libc6', 'libstdc++6', 'libgcc-s1', 'gcc-12-base', 'gcc-14-base', 'ca-certificates'];

/**
 * @param {string} executable
 * @param {string} out
 * @returns the folder that becomes the image's root
 */
export function writeImageRoot(executable, out) {
  if (process.platform !== 'linux') throw new Error('the image can only be made on Linux');
  const root = join(out, 'image');
  rmSync(root, { recursive: true, force: true });
  const add = (/** @type {string} */ from, /** @type {string} */ to) => {
    mkdirSync(dirname(join(root, to)), { recursive: true });
    copyFileSync(realpathSync(from), join(root, to));
  };
  add(executable, '/usr/local/bin/airgap');
  for (const path of librariesOf(executable)) add(path, path);
  add(CERTIFICATES, CERTIFICATES);
  for (const name of DOCUMENTED) {
    const copyright = `/usr/share/doc/${name}/copyright`;
    if (existsSync(copyright)) add(copyright, copyright);
  }
  for (const name of ['THIRD-PARTY-NOTICES.txt', 'NODE-LICENSE.txt'])
    if (existsSync(join(out, name))) add(join(out, name), `/usr/share/doc/airgap/${name}`);
  mkdirSync(join(root, 'etc'), { recursive: true });
  writeFileSync(join(root, 'etc/passwd'), `airgap:x:${USER}:${USER}::/home/airgap:/usr/local/bin/airgap\n`);
  writeFileSync(join(root, 'etc/group'), `airgap:x:${USER}:\n`);
  mkdirSync(join(root, 'tmp'));
  chmodSync(join(root, 'tmp'), 0o1777);
  return root;
}

/**
 * The libraries of an executable and their loader, by the paths under which they are looked up.
 *
 * @param {string} executable
 */
function librariesOf(executable) {
  const lines = execFileSync('ldd', [executable], { encoding: 'utf8' });
  return [...lines.matchAll(/\/\S+\.so\S*/g)].map(([path]) => path);
}
