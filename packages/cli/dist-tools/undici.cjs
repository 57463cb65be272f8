// @ts-nocheck undici's own files have no types.
// The parts of undici that core and its object store client use. All of undici, with fetch, WebSocket, caches and
// mocks, takes twice as long to load. `undici` and `undici-lib` are aliases of bundle-options.js.
'use strict';

const Dispatcher = require('undici-lib/dispatcher/dispatcher.js');
const api = require('undici-lib/api/index.js');

// As undici's own index.js does.
Object.assign(Dispatcher.prototype, api);

module.exports = {
  Dispatcher,
  Agent: require('undici-lib/dispatcher/agent.js'),
  Pool: require('undici-lib/dispatcher/pool.js'),
  ProxyAgent: require('undici-lib/dispatcher/proxy-agent.js'),
  buildConnector: require('undici-lib/core/connect.js'),
  errors: require('undici-lib/core/errors.js'),
  getGlobalDispatcher: require('undici-lib/global.js').getGlobalDispatcher,
};
