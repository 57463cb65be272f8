// @ts-check
// Which modules share a chunk. A few files start sooner than many small ones, but no command should load what it does
// not need: the client of registries is a third of everything, and so is what parses and edits YAML.

/** What every run needs: `airgap --help` loads nothing else. */
const START = [
  /commander|unused-module|extra-typings|picocolors/,
  /core\/src\/(model\/(errors|secrets|position)|oci\/platform)\.ts/,
  /cli\/src\/(main|session|output|environment|exit-status|program|version)\.ts/,
  /cli\/src\/(options\/(optional-values|general|groups)|render\/(error|printable|json))\.ts/,
];
const COMMANDS = /cli\/src/;
const HTTP = /undici/;
/** What parses YAML, and the rules and formats that need no more than its types. */
const YAML = /\/node_modules\/yaml\/|core\/src\/(lint|input\/(find|formats|render))\//;
/** The client of object stores, as large as everything else: only what names an object loads it. */
const OBJECTS = /core\/src\/objects\/|\/node_modules\/(@aws|@aws-sdk|@smithy|bowser)\//;

/** How many chunks must need a module before all commands load it. */
const MIN_SHARED = 3;

/**
 * Returns the name of the chunk that holds a module, by what it leads to; null for a module that has its own place.
 *
 * @param {string} id
 * @param {import('rolldown').ChunkingContext} context
 * @returns {'local' | 'remote' | 'yaml' | 'planning' | null}
 */
function chunkOf(id, context) {
  if (COMMANDS.test(id) || OBJECTS.test(id)) return null;
  const isRemote = leadsTo(HTTP, id, context);
  const readsYaml = leadsTo(YAML, id, context);
  if (isRemote) return readsYaml ? 'planning' : 'remote';
  return readsYaml ? 'yaml' : 'local';
}

/**
 * Whether a module imports one that matches, in any number of steps. A dynamic import does not count.
 *
 * @param {RegExp} target
 * @param {string} id
 * @param {import('rolldown').ChunkingContext} context
 * @returns {boolean}
 */
function leadsTo(target, id, context) {
  const known = memoOf(target);
  const found = known.get(id);
  if (found !== undefined) return found;
  known.set(id, false);
  const imported = context.getModuleInfo(id)?.importedIds ?? [];
  const leads = target.test(id) || imported.some(other => leadsTo(target, other, context));
  known.set(id, leads);
  return leads;
}

/** @type {Map<RegExp, Map<string, boolean>>} */
const memos = new Map();

/** @param {RegExp} target */
function memoOf(target) {
  const memo = memos.get(target) ?? new Map();
  memos.set(target, memo);
  return memo;
}

/**
 * A chunk takes what its modules import along, unless a chunk of a higher priority has it.
 *
 * @param {string} name
 * @param {number} priority
 * @returns {import('rolldown').CodeSplittingGroup}
 */
function shared(name, priority) {
  return {
    name: (id, context) => (chunkOf(id, context) === name ? name : null),
    debugName: name,
    minShareCount: MIN_SHARED,
    priority,
  };
}

/** @type {import('rolldown').CodeSplittingOptions} */
export const chunks = {
  groups: [
    { name: 'start', test: id => START.some(pattern => pattern.test(id)), priority: 5 },
    shared('local', 4),
    shared('yaml', 3),
    shared('remote', 2),
    shared('planning', 1),
  ],
};
