import type { FoundCredentials } from './credential.ts';
import type { CredentialStore, NearMiss } from './credential-store.ts';

/** Why a registry denied a request, as far as the credentials tell. */
export interface Denial {
  /** A note for the message. */
  readonly note: string;
  /** One imperative sentence; undefined when that for the status fits. */
  readonly hint?: string;
  /** The credentials were not sent: the registry requests none that are supported. */
  readonly isUnsent?: true;
}

/** A request that was denied. */
interface DeniedRequest {
  /** The registry host, with its port if any. */
  readonly host: string;
  /** The repository; empty for none. */
  readonly repository: string;
  readonly status: number;
  /** Whether any `Authorization` was sent. */
  readonly authorized: boolean;
}

/** Explains a 401 or 403: wrong credentials, an expired token, a key with another port, or no credentials at all. */
export async function explainDenial(
  { host, repository, status, authorized }: DeniedRequest,
  store: CredentialStore,
): Promise<Denial> {
  const name = repository === '' ? host : `${host}/${repository}`;
  const found = await store.for(name);
  if (found && authorized) return status === 401 ? rejected(found, host) : forbidden(found);
  if (found) return notAsked(found, host);
  const [miss] = store.nearMisses(name);
  return miss ? nearMiss(miss, name) : notLoggedIn(host, store.files);
}

function rejected(
  { username, identityToken, registryToken, source }: FoundCredentials,
  host: string,
): Denial {
  if (identityToken || registryToken)
    return {
      note: `rejected the token from ${source}; it may have expired`,
      hint: `Log in to ${host} again (airgap login ${host}).`,
    };
  return {
    note: `rejected the user ${username} from ${source}`,
    hint: `Check the password of ${username} in ${source}, or log in to ${host} again (airgap login ${host}).`,
  };
}

function forbidden({ username, source }: FoundCredentials): Denial {
  const who = username === '' ? 'the token' : `the user ${username}`;
  return { note: `${who} from ${source} has no access` };
}

function notAsked({ source }: FoundCredentials, host: string): Denial {
  return {
    note: `the credentials from ${source} were not sent, as the registry requests none that are supported`,
    hint: `Check the name, and the WWW-Authenticate headers of ${host}.`,
    isUnsent: true,
  };
}

function nearMiss({ key, file }: NearMiss, name: string): Denial {
  return {
    note: `no credentials were sent: ${file} has the key ${JSON.stringify(key)}, which does not match ${name}`,
    hint: `Log in to ${hostOf(name)} (airgap login ${hostOf(name)}), or correct the key in ${file}.`,
  };
}

function notLoggedIn(host: string, files: readonly string[]): Denial {
  const searched = files.length === 0 ? '' : `: none in ${files.join(', ')}`;
  return {
    note: `no credentials were sent${searched}`,
    hint: `Log in to ${host} first (airgap login ${host}), or check the name.`,
  };
}

function hostOf(name: string): string {
  return name.split('/', 1)[0] ?? name;
}
