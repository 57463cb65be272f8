import { AirgapError } from '../model/errors.ts';
import { Containerd } from './containerd.ts';
import { Docker } from './docker.ts';
import { Podman } from './podman.ts';
import type { Runtime } from './runtime.ts';

/** A runtime of this machine as a target of a load. */
export type RuntimeTarget = 'docker:' | 'podman:' | `containerd:${string}`;

const TARGET = /^(?<program>docker|podman|containerd):(?<argument>.*)$/;
/** A registry host can have the name of a runtime; it is then followed by a port. */
const PORT = /^\d+(\/|$)/;
/** The format of containerd namespaces, including the maximum length. */
const NAMESPACE = /^(?=.{1,76}$)[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*$/;

/**
 * Whether a target is a runtime on this machine (`docker:`, `podman:`, `containerd:[NAMESPACE]`) rather than a
 * registry.
 */
export function isRuntimeTarget(text: string): boolean {
  const argument = TARGET.exec(text)?.groups?.argument;
  return argument !== undefined && !PORT.test(argument);
}

/** Parses `docker:`, `podman:` or `containerd:[NAMESPACE]`. @throws AirgapError `USAGE` */
export function parseRuntimeTarget(text: string): Runtime {
  const groups = TARGET.exec(text)?.groups;
  const program = groups?.program;
  const argument = groups?.argument ?? '';
  if (program === 'docker' && argument === '') return new Docker();
  if (program === 'podman' && argument === '') return new Podman();
  if (program === 'containerd' && argument === '') return new Containerd(undefined);
  if (program === 'containerd' && NAMESPACE.test(argument)) return new Containerd(argument);
  throw new AirgapError('USAGE', `invalid runtime target: ${JSON.stringify(text)}`, {
    hint: 'Use docker:, podman:, containerd: or containerd:NAMESPACE.',
  });
}
