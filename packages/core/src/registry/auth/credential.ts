/** Credentials of a registry: a username and a password, or an identity token that is exchanged for access tokens. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
  readonly identityToken?: string | undefined;
}

/** Registry host, with its port if any → its credentials. */
export type CredentialsByHost = Readonly<Record<string, Credentials>>;
