// @ts-check
// Which modules share a chunk. A few files start sooner than many small ones, but no command should load what it does
// not need: the client of registries is half of everything.

/** What every run needs: `airgap --help` loads nothing else. */
const START = [
  /commander|no-programs|extra-typings|picocolors/,
  /core\/src\/(model\/(errors|secrets|position)|oci\/platform)\.ts/,
  /cli\/src\/(main|session|output|environment|exit-status|program|version)\.ts/,
  /cli\/src\/(options\/(optional-values|general|groups)|render\/(error|printable|json))\.ts/,
];
const COMMANDS = /cli\/src/;
const HTTP = /undici/;
/** The client of object stores, as large as everything else: only what names an object loads it. */
const OBJECTS = /core\/src\/objects\/|\/node_modules\/(@aws|@aws-sdk|@smithy|bowser)\//;

/** How many chunks must need a module before all commands load it. */
const MIN_SHARED = 3;

/** @type {Map<string, boolean>} */
const remote = new Map();

/**
 * Whether a module leads to the client of registries.
 *
 * @param {string} id
 * @param {import('rolldown').ChunkingContext} context
 * @returns {boolean}
 */
function isRemote(id, context) {
  const known = remote.get(id);
  if (known !== undefined) return known;
  remote.set(id, false);
  const imported = context.getModuleInfo(id)?.importedIds ?? [];
  const found = HTTP.test(id) || imported.some(other => isRemote(other, context));
  remote.set(id, found);
  return found;
}

/** @param {string} id */
function isApart(id) {
  return COMMANDS.test(id) || OBJECTS.test(id);
}

/** @type {import('rolldown').CodeSplittingOptions} */
export const chunks = {
  groups: [
    { name: 'start', test: id => START.some(pattern => pattern.test(id)), priority: 3 },
    {
      name: (id, context) => (isApart(id) || isRemote(id, context) ? null : 'local'),
      debugName: 'local',
      minShareCount: MIN_SHARED,
      priority: 2,
    },
    {
      name: (id, context) => (!isApart(id) && isRemote(id, context) ? 'remote' : null),
      debugName: 'remote',
      minShareCount: MIN_SHARED,
      priority: 1,
    },
  ],
};
