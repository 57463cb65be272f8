import { AirgapError } from '../model/errors.ts';
import { Containerd } from './containerd.ts';
import { Docker } from './docker.ts';
import { Podman } from './podman.ts';
import type { Runtime } from './runtime.ts';

const TARGET = /^(docker|podman|containerd):(.*)$/;
/** A registry may be called like a runtime: what follows is then a port. */
const PORT = /^\d+(\/|$)/;
/** containerd's own rule for namespaces, its length included. */
const NAMESPACE = /^(?=.{1,76}$)[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*$/;

/** Says whether a target is a runtime of this machine, and no registry: `docker:`, `podman:`, `containerd:[NAMESPACE]`. */
export function isRuntimeTarget(text: string): boolean {
  const [, , rest] = TARGET.exec(text) ?? [];
  return rest !== undefined && !PORT.test(rest);
}

/** Reads `docker:`, `podman:` or `containerd:[NAMESPACE]`. @throws AirgapError `USAGE` */
export function parseRuntimeTarget(text: string): Runtime {
  const [, program, rest = ''] = TARGET.exec(text) ?? [];
  if (program === 'docker' && rest === '') return new Docker();
  if (program === 'podman' && rest === '') return new Podman();
  if (program === 'containerd' && rest === '') return new Containerd(undefined);
  if (program === 'containerd' && NAMESPACE.test(rest)) return new Containerd(rest);
  throw new AirgapError('USAGE', `not a runtime to load into: ${JSON.stringify(text)}`, {
    hint: 'Runtimes are docker:, podman:, containerd: and containerd:NAMESPACE.',
  });
}
