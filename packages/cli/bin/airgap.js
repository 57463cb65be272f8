#!/usr/bin/env node
// Old versions of Node.js must be able to parse this file: it reports an unsupported one before it loads anything.
// Therefore: no static import, no export, no top-level await, and no syntax newer than ES2017 except import().
const found = process.versions.node;
const [major, minor] = found.split('.').map(Number);

if (major > 20 || (major === 20 && minor >= 19)) {
  // Replaced by the status of the command. It stays if main() never settles.
  process.exitCode = 70;
  cacheCompiledCode();
  void import('../dist/main.js')
    .then(program => program.main(process.argv.slice(2)))
    .then(status => {
      process.exitCode = status;
    });
} else {
  const hint = 'Install a newer Node.js, or use the single executable of airgap, which needs none.';
  process.stderr.write(
    `error: airgap needs Node 20.19 or later; this is ${found} (${process.execPath})\n  next: ${hint}\n`,
  );
  process.exitCode = 2;
}

// Node 22 and later can keep compiled code, and commands start sooner. By default Node keeps it below /tmp, where another
// user may have put something else; the user's own cache is safe.
function cacheCompiledCode() {
  const { HOME, XDG_CACHE_HOME } = process.env;
  const cache = XDG_CACHE_HOME || (HOME ? `${HOME}/.cache` : '');
  const { enableCompileCache } = process.getBuiltinModule('node:module');
  if (enableCompileCache && cache.startsWith('/')) enableCompileCache(`${cache}/airgap/compiled`);
}
