import { AirgapError } from '../model/errors.ts';
import type { Credentials } from '../registry/auth/credential.ts';

/** A username and a password, as nodes need them: they support no identity tokens. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

/**
 * The username and the password of credentials.
 *
 * @param what needs them, for the error: `a pull secret`
 * @throws AirgapError `INPUT` for an identity token
 */
export function loginOf({ username, password }: Credentials, host: string, what: string): Login {
  if (username !== '' && password !== '') return { username, password };
  throw new AirgapError(
    'INPUT',
    `${what} needs a username and password, but the credentials for ${host} are an identity token`,
    {
      where: { host },
      hint: 'Provide a username and password with airgap login, or with credentials: in airgap.yaml.',
    },
  );
}

/** The value of the `Authorization` header (RFC 7617). */
export function basicAuthorization({ username, password }: Login): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
