import { stringify } from 'yaml';
import { AirgapError } from '../model/errors.ts';
import type { Credentials } from '../registry/auth/credential.ts';
import { keyOfHost } from '../registry/auth/credential-key.ts';
import { loginOf } from './login.ts';

/** A Kubernetes object name: a DNS subdomain as in RFC 1123. */
const NAME = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
const MAX_NAME = 253;

/** Checks the name of a Secret. @throws AirgapError `USAGE` */
export function checkSecretName(name: string): void {
  if (name.length <= MAX_NAME && NAME.test(name)) return;
  throw new AirgapError('USAGE', `invalid Secret name: ${JSON.stringify(name.slice(0, 300))}`, {
    hint: 'Use lower-case letters, digits, dots and hyphens, for example --pull-secret registry-key=secret.yaml.',
  });
}

/**
 * Renders a pull secret of type `kubernetes.io/dockerconfigjson` as YAML.
 *
 * @throws AirgapError `INPUT` for an identity token, which a kubelet does not support
 */
export function pullSecretManifest(name: string, host: string, credentials: Credentials): string {
  const { username, password } = loginOf(credentials, host, 'a pull secret');
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
