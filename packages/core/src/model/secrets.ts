const USERINFO = /(:\/\/)[^/\s"@]+@/g;
const SIGNATURE =
  /([?&](?:x-amz-(?:signature|credential|security-token)|x-goog-(?:signature|credential)|sig|signature|token|access_token)=)[^&\s"]+/gi;
/** Longer than any word that follows the scheme in a sentence. */
const AUTHORIZATION = /\b(Basic|Bearer)\s+[\w+/=.~-]{16,}/gi;

/**
 * Hides passwords in URLs, the signatures of signed ones, and `Authorization` headers. Whatever others wrote goes
 * through here before it becomes part of a message.
 */
export function maskSecrets(text: string): string {
  return text.replace(USERINFO, '$1***@').replace(SIGNATURE, '$1***').replace(AUTHORIZATION, '$1 ***');
}
