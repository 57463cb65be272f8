import { stringify } from 'yaml';
import { AirgapError } from '../model/errors.ts';
import type { Credentials } from '../registry/auth/credential.ts';
import { keyOfHost } from '../registry/auth/docker-config.ts';

/** A name of the API server's: RFC 1123's subdomain. */
const NAME = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
const MAX_NAME = 253;

/** Checks what a Secret is to be called. @throws AirgapError `USAGE` */
export function checkSecretName(name: string): void {
  if (name.length <= MAX_NAME && NAME.test(name)) return;
  throw new AirgapError('USAGE', `not the name of a Secret: ${JSON.stringify(name.slice(0, 300))}`, {
    hint: 'Write it in small letters, digits, dots and hyphens, for example --pull-secret registry-key=secret.yaml.',
  });
}

/**
 * Writes the Secret with which pods pull from a registry, of type `kubernetes.io/dockerconfigjson`.
 *
 * @throws AirgapError `INPUT` for credentials that a kubelet does not take
 */
export function pullSecretManifest(name: string, host: string, credentials: Credentials): string {
  const { username, password } = credentials;
  if (username === '' || password === '') throw tokenOnly(host);
  const auth = base64(`${username}:${password}`);
  const config = { auths: { [keyOfHost(host)]: { username, password, auth } } };
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name },
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': base64(JSON.stringify(config)) },
  };
  return stringify(secret, { lineWidth: 0 });
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function tokenOnly(host: string): AirgapError {
  return new AirgapError(
    'INPUT',
    `a kubelet cannot pull with an identity token, and ${host} has no other login`,
    {
      where: { host },
      hint: 'Give a user and a password for this registry: airgap login, or credentials: in airgap.yaml.',
    },
  );
}
