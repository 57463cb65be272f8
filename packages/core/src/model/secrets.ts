const USERINFO = /(:\/\/)[^/\s"@]+@/g;
/** As in `user:password@host`; what follows the tag of an image is a digest. What is masked stays as it is. */
const LOGIN = /(^|[\s"'(=])[^\s"'(=/@:?&*]+:[^\s"'/@]+@(?!sha\d+:)/g;
const SIGNATURE =
  /([?&](?:x-amz-(?:signature|credential|security-token)|x-goog-(?:signature|credential)|sig|signature|token|access_token)=)[^&\s"]+/gi;
/** The minimum length keeps prose such as "Basic authentication" intact. */
const AUTHORIZATION = /\b(Basic|Bearer)\s+[\w+/=.~-]{16,}/gi;

/**
 * Masks passwords in URLs and before hosts, signatures of signed URLs, and `Authorization` headers. Text from other programs and
 * servers passes through here before it becomes part of a message.
 */
export function maskSecrets(text: string): string {
  return text
    .replace(USERINFO, '$1***@')
    .replace(LOGIN, '$1***@')
    .replace(SIGNATURE, '$1***')
    .replace(AUTHORIZATION, '$1 ***');
}
