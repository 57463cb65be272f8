// @ts-check
// Makes one file of the program, which needs nothing but Node.js.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { build } from 'rolldown';
import { bundle, NOTICES } from './bundle-options.js';
import { hashWorkerSource } from './hash-worker.js';

const IMPORT = "import('../dist/main.js')";
/** What replaces it. */
const LOAD = "Promise.resolve('./main.js').then(load)";

/**
 * Writes `airgap.cjs` and the notices of what it contains.
 *
 * The file holds each chunk of the bundle as text, and compiles a chunk when it is first required. Scanning text is
 * several times faster than parsing a program of 1.5 MB, and a Node.js that is too old to parse the program still gets
 * as far as reporting that.
 *
 * @param {string} folder
 */
export async function writeSingleFile(folder) {
  const { version } = JSON.parse(readFileSync(join(bundle.cwd, 'package.json'), 'utf8'));
  const { output } = await build({
    ...bundle,
    input: { main: 'src/main.ts' },
    transform: {
      ...bundle.transform,
      define: {
        AIRGAP_VERSION: JSON.stringify(version),
        HASH_WORKER_SOURCE: JSON.stringify(await hashWorkerSource()),
      },
    },
    output: { ...bundle.output, format: 'cjs' },
    write: false,
  });
  /** @type {Record<string, string | { deflated: string }>} */
  const chunks = {};
  for (const file of output) {
    if (file.type === 'chunk') chunks[`./${file.fileName}`] = isRare(file) ? deflated(file.code) : file.code;
    else if (file.fileName === NOTICES) writeFileSync(join(folder, NOTICES), file.source);
    else throw new Error(`a single file has no place for ${file.fileName}`);
  }
  const program = readFileSync(join(bundle.cwd, 'bin/airgap.js'), 'utf8');
  if (program.split(IMPORT).length !== 2) throw new Error(`bin/airgap.js must contain ${IMPORT} once`);
  const text = `${program.replace(IMPORT, LOAD)}\nvar chunks = ${asciiJson(chunks)};\n${LOADER}`;
  writeFileSync(join(folder, 'airgap.cjs'), text, { mode: 0o755 });
}

/**
 * Whether few commands load a chunk that is large: the client of object stores. Every start would scan its text.
 *
 * @param {{ readonly moduleIds: readonly string[] }} chunk
 */
function isRare({ moduleIds }) {
  return moduleIds.some(id => id.includes('/@aws-sdk/'));
}

/** @param {string} code */
function deflated(code) {
  return { deflated: deflateRawSync(code, { level: 9 }).toString('base64') };
}

/**
 * JSON in ASCII: Node.js reads that faster, in half of the memory.
 *
 * @param {unknown} value
 */
function asciiJson(value) {
  return JSON.stringify(value).replace(/[^ -~]/g, unit => {
    const code = unit.charCodeAt(0).toString(16);
    return `\\u${code.padStart(4, '0')}`;
  });
}

/** Node's own require for chunks, in short. It has to be parsed by old versions of Node.js, as bin/airgap.js. */
const LOADER = `var loaded = {};
function load(name) {
  if (!Object.prototype.hasOwnProperty.call(chunks, name)) return require(name);
  if (loaded[name]) return loaded[name].exports;
  var chunk = (loaded[name] = { exports: {} });
  var options = { filename: __filename + name.slice(1) };
  var parameters = ['module', 'exports', 'require', '__filename'];
  var run = require('vm').compileFunction(textOf(chunks[name]), parameters, options);
  run(chunk, chunk.exports, load, __filename);
  return chunk.exports;
}
function textOf(code) {
  if (typeof code === 'string') return code;
  return require('zlib').inflateRawSync(Buffer.from(code.deflated, 'base64')).toString();
}
`;
