/** What a registry takes as proof: a user and a password, or an identity token to trade for an access token. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
  readonly identityToken?: string | undefined;
}

/** Registry host (with its port when it has one) → what it takes. */
export type CredentialsByHost = Readonly<Record<string, Credentials>>;
