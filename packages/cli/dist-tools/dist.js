// @ts-check
// pnpm run dist: the single file, and single executables of it.
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { nodeIn, writeExecutable } from './executable.js';
import { writeImageRoot } from './image-root.js';
import { fetchNodePackage, findNodePackage, HOST, PLATFORMS } from './node-packages.js';
import { writeSingleFile } from './single-file.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const CACHE = join(ROOT, '.cache/node');
const HELP = `pnpm run dist [FLAG...]

Writes airgap.cjs, an executable for this platform, and the notices of what they contain.

  --out FOLDER         where to (default: dist)
  --platform PLATFORM  instead of this platform's executable: ${PLATFORMS.join(', ')}; repeatable.
                       Other platforms' executables are experimental: they have no code cache, and no signature
  --single-file        no executable
  --node FOLDER        the unpacked Node.js 24 for this platform's executable (default: from an npm package)
  --image              also FOLDER/image, which the Dockerfile copies
`;

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: join(ROOT, 'dist') },
    platform: { type: 'string', multiple: true },
    'single-file': { type: 'boolean', default: false },
    node: { type: 'string' },
    image: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) process.stdout.write(HELP);
else await writeAll(resolve(values.out));

/** @param {string} out */
async function writeAll(out) {
  const platforms = values['single-file'] ? [] : (values.platform ?? [HOST]);
  for (const platform of platforms) findNodePackage(platform);
  mkdirSync(out, { recursive: true });
  await writeSingleFile(out);
  const program = join(out, 'airgap.cjs');
  report(program);
  for (const platform of platforms) {
    const output = join(out, `airgap-${platform}${platform.startsWith('win') ? '.exe' : ''}`);
    const { folder, preparer } = nodeFor(platform);
    writeExecutable({ program, node: nodeIn(folder), preparer, platform, output });
    // Not every package has it: then the same version's for this machine.
    const license = [join(folder, 'LICENSE'), join(dirname(dirname(preparer)), 'LICENSE')].find(existsSync);
    if (!license) throw new Error(`no LICENSE of Node.js in ${folder}`);
    copyFileSync(license, join(out, 'NODE-LICENSE.txt'));
    report(output);
  }
  if (values.image) report(writeImageRoot(join(out, `airgap-${HOST}`), out));
}

/**
 * The Node.js of an executable, and one of the same version that runs here.
 *
 * @param {string} platform
 */
function nodeFor(platform) {
  if (platform === HOST && values.node) return { folder: values.node, preparer: nodeIn(values.node) };
  const wanted = findNodePackage(platform);
  const preparer = findNodePackage(HOST, wanted.version);
  const folder = fetchNodePackage(wanted, CACHE);
  return { folder, preparer: nodeIn(fetchNodePackage(preparer, CACHE)) };
}

/** @param {string} path */
function report(path) {
  process.stdout.write(`${path}\n`);
}
