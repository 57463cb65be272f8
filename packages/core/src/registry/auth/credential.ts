/**
 * Credentials of a registry: a username and a password, an identity token that is exchanged for access tokens, or a
 * registry token that is sent as it is.
 */
export interface Credentials {
  readonly username: string;
  readonly password: string;
  readonly identityToken?: string | undefined;
  /** A Bearer token for the registry itself. */
  readonly registryToken?: string | undefined;
  /** Where they were found, for messages; for example the path of a config. */
  readonly source?: string | undefined;
}

/** Registry host, with its port if any, or host and repository prefix → its credentials. */
export type CredentialsByHost = Readonly<Record<string, Credentials>>;

/** Credentials, and where they were found. */
export interface FoundCredentials extends Credentials {
  /** A file, a credential helper, or the options of the caller; for messages. */
  readonly source: string;
}
