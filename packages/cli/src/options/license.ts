import {
  type CredentialsByHost,
  isLicenseId,
  licenseCredentials,
  parseLicense,
  type ReplicatedDomains,
  readTextFile,
} from '@airgap/core';

/**
 * Returns the registry credentials of a customer's license.
 *
 * @param license a license file or a license ID
 * @param domains also get them
 * @throws AirgapError `INPUT`
 */
export async function licensed(license: string, domains: ReplicatedDomains = {}): Promise<CredentialsByHost> {
  let text: string;
  try {
    text = await readTextFile('the license', license);
  } catch (error) {
    const { cause } = error as { readonly cause?: NodeJS.ErrnoException };
    if (cause?.code === 'ENOENT' && isLicenseId(license)) return licenseCredentials(license, domains);
    throw error;
  }
  return licenseCredentials(parseLicense({ file: license, text }), domains);
}
