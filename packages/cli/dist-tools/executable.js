// @ts-check
// Makes a single executable: Node.js with the program inside (https://nodejs.org/api/single-executable-applications.html).
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const POSTJECT = createRequire(import.meta.url).resolve('postject/dist/cli.js');
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/** @param {string} folder an unpacked Node.js: a package or a distribution */
export function nodeIn(folder) {
  const candidates = [join(folder, 'bin/node'), join(folder, 'bin/node.exe'), join(folder, 'node.exe')];
  const found = candidates.find(existsSync);
  if (!found) throw new Error(`no node in ${folder}`);
  return found;
}

/**
 * @param {object} options
 * @param {string} options.program the single file
 * @param {string} options.node the Node.js that the executable is made of
 * @param {string} options.preparer a Node.js of the same version that runs here
 * @param {string} options.platform
 * @param {string} options.output
 */
export function writeExecutable({ program, node, preparer, platform, output }) {
  const isMac = platform.startsWith('darwin');
  const canSign = isMac && process.platform === 'darwin';
  const folder = mkdtempSync(join(tmpdir(), 'airgap-executable-'));
  try {
    const blob = join(folder, 'blob');
    const config = join(folder, 'sea.json');
    writeFileSync(
      config,
      JSON.stringify({
        main: program,
        output: blob,
        disableExperimentalSEAWarning: true,
        // V8 accepts a code cache only from the binary that made it.
        useCodeCache: preparer === node,
        // NODE_OPTIONS is meant for other programs.
        execArgvExtension: 'none',
      }),
    );
    run(preparer, '--experimental-sea-config', config);
    rmSync(output, { force: true });
    copyFileSync(node, output);
    chmodSync(output, 0o755);
    if (canSign) run('codesign', '--remove-signature', output);
    const segment = isMac ? ['--macho-segment-name', 'NODE_SEA'] : [];
    run(process.execPath, POSTJECT, output, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', FUSE, ...segment);
    if (canSign) run('codesign', '--sign', '-', output);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Runs a program. What it prints appears only in the error when it fails.
 *
 * @param {string} program
 * @param {string[]} args
 */
function run(program, ...args) {
  execFileSync(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
}
