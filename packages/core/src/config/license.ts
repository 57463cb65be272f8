import { parseDocument } from 'yaml';
import { z } from 'zod';
import type { SourceText } from '../input/model/source-text.ts';
import { AirgapError } from '../model/errors.ts';
import { PROXY_HOST, REPLICATED_HOST, type ReplicatedDomains } from '../reference/replicated.ts';
import type { CredentialsByHost } from '../registry/auth/credential.ts';

const ID = /^[A-Za-z0-9_-]+$/;

const licenseSchema = z.looseObject({
  kind: z.literal('License'),
  spec: z.looseObject({ licenseID: z.string().regex(ID) }),
});

/** Returns whether a text has the form of a license ID. */
export function isLicenseId(text: string): boolean {
  return ID.test(text);
}

/**
 * Reads the ID of a customer license from a KOTS `License`, or from a file that has only the ID.
 *
 * @throws AirgapError `INPUT`, which never quotes the file
 */
export function parseLicense({ file, text }: SourceText): string {
  if (isLicenseId(text.trim())) return text.trim();
  // The failsafe schema preserves IDs that look like numbers.
  const document = parseDocument(text, { schema: 'failsafe', prettyErrors: false });
  const license = document.errors.length > 0 ? undefined : licenseSchema.safeParse(document.toJS()).data;
  if (license) return license.spec.licenseID;
  throw new AirgapError('INPUT', 'the license has no spec.licenseID under kind: License', {
    where: { path: file },
    hint: 'Use the downloaded license file, or the license ID.',
  });
}

/** Returns the credentials of a license: Replicated's registries accept its ID as username and password. */
export function licenseCredentials(
  id: string,
  { registryDomain = REPLICATED_HOST, proxyDomain = PROXY_HOST }: ReplicatedDomains = {},
): CredentialsByHost {
  const hosts = [REPLICATED_HOST, PROXY_HOST, registryDomain, proxyDomain];
  return Object.fromEntries(hosts.map(host => [host, { username: id, password: id }]));
}
