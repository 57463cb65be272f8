/**
 * Says which login fits after the Replicated registry has rejected one: an e-mail goes with a user API token or with the
 * password of the account, any other username with the token of a service account, and a license ID with itself.
 *
 * @returns one imperative sentence, without the password
 */
export function loginHint(username: string, password: string): string {
  if (username === password)
    return 'Check that the license is not expired or archived; vendors pass an e-mail and a user API token instead.';
  if (username.includes('@'))
    return `Pass a user API token of ${username} (Vendor Portal, Account Settings), or the password of that account; a service account token needs a username that is not an e-mail.`;
  return `Check the service account token, which is what the username ${username} fits; with a user API token or the password of an account, pass the e-mail as username.`;
}
