const USERINFO = /(:\/\/)[^/\s"@]+@/g;
const SIGNATURE =
  /([?&](?:x-amz-(?:signature|credential|security-token)|x-goog-(?:signature|credential)|sig|signature|token|access_token)=)[^&\s"]+/gi;

/** Hides passwords in URLs and the signatures of signed ones; all that is shown goes through here. */
export function maskSecrets(text: string): string {
  return text.replace(USERINFO, '$1***@').replace(SIGNATURE, '$1***');
}
