// Only loads that write files import this: editing YAML takes time to load.
export { openOutputs } from '@airgap/core';
