import { VERSION } from '../model/version.ts';

/** Docker Hub and many firewalls reject requests without a `User-Agent`. */
export const USER_AGENT = `airgap/${VERSION} (node/${process.versions.node}; ${process.platform})`;
