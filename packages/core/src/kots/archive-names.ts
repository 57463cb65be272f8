/** The name of the document in a `.airgap`. */
export const AIRGAP_DOCUMENT = 'airgap.yaml';
/** The name of the release in a `.airgap`. */
export const APP_ARCHIVE = 'app.tar.gz';
