#!/usr/bin/env node
// Node 10 and later must be able to parse this file: it reports an unsupported version before it loads anything.
// Therefore: no static import, no export, no top-level await, and no syntax newer than ES5 except import().
var found = process.versions.node;
var version = found.split('.');
var isSupported = version[0] > 20 || (version[0] === '20' && version[1] >= 19);

if (isSupported) {
  // Replaced by the status of the command. It stays if main() never settles.
  process.exitCode = 70;
  import('../dist/main.js')
    .then(function (program) {
      return program.main(process.argv.slice(2));
    })
    .then(function (status) {
      process.exitCode = status;
    });
} else {
  process.stderr.write(
    'error: airgap needs Node 20.19 or later; this is ' +
      found +
      ' (' +
      process.execPath +
      ')\n' +
      '  next: Install a newer Node.js, or use the single executable of airgap, which needs none.\n'
  );
  process.exitCode = 2;
}
