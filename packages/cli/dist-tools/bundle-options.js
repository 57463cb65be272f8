// @ts-check
// How the program is bundled, for the package and for the single file alike.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { thirdPartyNotices } from './third-party-notices.js';

const core = createRequire(new URL('../../core/package.json', import.meta.url));

export const NOTICES = 'THIRD-PARTY-NOTICES.txt';

/**
 * Modules of Node.js that a library imports and does not use here: commander starts programs only for subcommands that
 * are programs, and undici is never asked for HTTP/2.
 */
const UNUSED = [
  { name: 'node:child_process', library: '/commander/' },
  { name: 'node:http2', library: '/undici/' },
];
const unusedModule = fileURLToPath(new URL('unused-module.cjs', import.meta.url));

/** @satisfies {import('rolldown').Plugin} */
const withoutUnused = {
  name: 'without-unused',
  /**
   * @param {string} source
   * @param {string | undefined} importer
   */
  resolveId(source, importer) {
    const isUnused = UNUSED.some(({ name, library }) => source === name && importer?.includes(library));
    return isUnused ? unusedModule : null;
  },
};

/** @satisfies {import('rolldown').BuildOptions} */
export const bundle = {
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  platform: 'node',
  transform: { target: 'node20.19' },
  resolve: {
    conditionNames: ['source', 'import', 'node', 'default'],
    alias: {
      // yaml's build for Node asks the environment whether to log, for each token.
      yaml: core.resolve('yaml/package.json').replace('package.json', 'browser/index.js'),
      undici$: fileURLToPath(new URL('undici.cjs', import.meta.url)),
      'undici-lib': core.resolve('undici/package.json').replace('package.json', 'lib'),
    },
  },
  plugins: [withoutUnused, thirdPartyNotices(NOTICES)],
  output: {
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
  },
};
