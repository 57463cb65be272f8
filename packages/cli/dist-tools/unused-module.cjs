// What libraries have in place of modules of Node.js that they would not use here; loading those takes a fifth of a start.
// See bundle-options.js. undici reads the constants.
module.exports = { constants: {} };
