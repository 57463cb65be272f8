// What commander has in place of node:child_process. It starts programs only for subcommands that are programs; airgap has
// none, and loading child_process takes a quarter of the start.
module.exports = {};
