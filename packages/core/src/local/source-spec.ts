import { AirgapError } from '../model/errors.ts';
import { Reference } from '../reference/reference.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { isRuntimeTarget, parseRuntimeTarget } from '../runtime/target.ts';

const FILE_SOURCE = /^(?:(?<name>[^=]*)=)?(?<kind>oci|oci-archive|docker-archive|airgap):(?<location>.*)$/;

/** Images in a file or directory. */
export interface FileSourceSpec {
  readonly kind: 'oci' | 'oci-archive' | 'docker-archive' | 'airgap';
  /** As the user wrote it, for messages. */
  readonly text: string;
  readonly path: string;
  /** The only image that is taken, by its name there. */
  readonly imageName?: string | undefined;
  /** The name of the specs that gets the image, whatever its name there. */
  readonly alias?: Reference | undefined;
}

/** Images in a runtime on this machine. */
export interface RuntimeSourceSpec {
  readonly kind: 'runtime';
  readonly text: string;
  readonly runtime: Runtime;
}

/** Where images of this machine are, as `--from` names it. */
export type LocalSourceSpec = FileSourceSpec | RuntimeSourceSpec;

/**
 * Parses `[NAME=]oci:DIR[:IMAGE]`, the same with `oci-archive:`, `docker-archive:` and `airgap:`, `docker:`, `podman:` or
 * `containerd:[NAMESPACE]`.
 *
 * @throws AirgapError `USAGE`
 * @example
 * parseLocalSource('oci-archive:app.tar');
 * parseLocalSource('quay.io/team/app:1=oci:layout:dev');
 */
export function parseLocalSource(text: string): LocalSourceSpec {
  const file = FILE_SOURCE.exec(text)?.groups;
  if (file?.kind !== undefined) return fileSource(text, file);
  if (!isRuntimeTarget(text)) throw invalid(text);
  return { kind: 'runtime', text, runtime: parseRuntimeTarget(text) };
}

/** One image in a runtime on this machine. */
export interface RuntimeImageSpec extends RuntimeSourceSpec {
  readonly image: Reference;
}

/**
 * Parses one image of a runtime: `docker:NAME`, `podman:NAME`, or `containerd:[NAMESPACE:]NAME`.
 *
 * @returns undefined for a text that does not start with a runtime
 * @throws AirgapError `USAGE` without a name, `INPUT` for an invalid one
 * @example
 * parseRuntimeImage('docker:worker:1.0');
 * parseRuntimeImage('containerd:k8s.io:quay.io/team/app:1');
 */
export function parseRuntimeImage(text: string): RuntimeImageSpec | undefined {
  if (!isRuntimeTarget(text)) return undefined;
  const colon = text.indexOf(':');
  const program = text.slice(0, colon);
  const rest = text.slice(colon + 1);
  const namespace =
    program === 'containerd' ? /^(?<name>[A-Za-z0-9._-]+):./.exec(rest)?.groups?.name : undefined;
  const name = namespace === undefined ? rest : rest.slice(namespace.length + 1);
  if (name === '')
    throw new AirgapError('USAGE', `no image is named: ${JSON.stringify(text)}`, {
      hint: 'Name one image of the runtime, for example docker:worker:1.0.',
    });
  const runtime = parseRuntimeTarget(`${program}:${namespace ?? ''}`);
  return { kind: 'runtime', text, runtime, image: Reference.parse(name).canonical() };
}

/** Whether a text is a local source of files: `[NAME=]oci:DIR[:IMAGE]`, or one of an archive. */
export function isFileSource(text: string): boolean {
  return FILE_SOURCE.test(text);
}

function fileSource(text: string, groups: Readonly<Record<string, string | undefined>>): FileSourceSpec {
  const { name, location = '' } = groups;
  const colon = location.indexOf(':');
  const path = colon < 0 ? location : location.slice(0, colon);
  const imageName = colon < 0 ? undefined : location.slice(colon + 1);
  if (path === '' || imageName === '') throw invalid(text);
  const alias = name === undefined ? undefined : parseAlias(text, name);
  return { kind: groups.kind as FileSourceSpec['kind'], text, path, imageName, alias };
}

function parseAlias(text: string, name: string): Reference {
  try {
    return Reference.parse(name).canonical();
  } catch (cause) {
    const message = `invalid local source: ${JSON.stringify(text)}: ${(cause as Error).message}`;
    throw new AirgapError('USAGE', message, { cause, hint: 'Write NAME as in the specs, before the "=".' });
  }
}

function invalid(text: string): AirgapError {
  return new AirgapError('USAGE', `invalid local source: ${JSON.stringify(text)}`, {
    hint: 'Use oci:DIR, oci-archive:FILE, docker-archive:FILE, airgap:FILE, docker:, podman:, containerd: or containerd:NAMESPACE.',
  });
}
