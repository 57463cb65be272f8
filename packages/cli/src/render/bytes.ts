export { formatBytes } from '@airgap/core';
