import { AirgapError } from '../model/errors.ts';
import { Reference } from '../reference/reference.ts';
import { parseTargetLocation, type TargetLocation } from '../reference/relocation.ts';
import { isReplicatedHost, type ReplicatedDomains } from '../reference/replicated.ts';

/** Where a push goes: to one name, or below a prefix. */
export interface PushTarget {
  readonly location: TargetLocation;
  /** The name of the only image; undefined when images keep the last components of their names, and their tags. */
  readonly name: Reference | undefined;
  /** Whether the rules of the Replicated registry apply. */
  readonly isReplicated: boolean;
}

/** What the Replicated registry accepts. */
const FORM = 'HOST/APP/NAME:TAG';

/**
 * Parses `REGISTRY[/PREFIX]`, or `REGISTRY/NAME:TAG` for one image. The Replicated registry takes only `HOST/APP` and
 * `HOST/APP/NAME:TAG`.
 *
 * @throws AirgapError `USAGE`, `INPUT` for an invalid name
 * @example
 * parsePushTarget('registry.replicated.com/my-app/worker:1.0', {});
 */
export function parsePushTarget(text: string, domains: ReplicatedDomains): PushTarget {
  if (text.includes('@sha256:'))
    throw new AirgapError('USAGE', `the target has a digest: ${JSON.stringify(text)}`, {
      hint: 'Write a tag in place of the digest: the image has its digest.',
    });
  const { path, tag } = splitTag(text);
  const location = parseTargetLocation(path);
  const isReplicated = isReplicatedHost(location.registry, domains);
  if (isReplicated) checkReplicatedForm(location, tag);
  const repository = `${location.registry}/${location.prefix}`;
  const name = tag === undefined ? undefined : Reference.parse(`${repository}:${tag}`);
  return { location, name, isReplicated };
}

/** Splits off the tag, which follows a colon after the last slash. */
function splitTag(text: string): { readonly path: string; readonly tag: string | undefined } {
  const slash = text.lastIndexOf('/');
  const colon = text.indexOf(':', slash);
  if (text.includes('://') || slash < 0 || colon < 0) return { path: text, tag: undefined };
  return { path: text.slice(0, colon), tag: text.slice(colon + 1) };
}

/** @throws AirgapError `USAGE` for another form than the Replicated registry takes */
export function checkReplicatedForm({ registry, prefix }: TargetLocation, tag: string | undefined): void {
  const components = prefix === '' ? [] : prefix.split('/');
  const [app] = components;
  if (app === undefined)
    throw wrongForm(
      `${registry} needs an application`,
      `Write ${registry}/APP, or ${registry}/APP/NAME:TAG.`,
    );
  if (tag === undefined && components.length > 1)
    throw wrongForm(
      `${registry}/${prefix} has no tag: expected ${FORM}`,
      `Add a tag, or name the application alone: ${registry}/${app}.`,
    );
  if (tag !== undefined && components.length !== 2)
    throw wrongForm(
      `${registry} takes only ${FORM}, got ${registry}/${prefix}:${tag}`,
      `Write ${registry}/${app}/NAME:${tag}, with a NAME without slashes.`,
    );
}

function wrongForm(message: string, hint: string): AirgapError {
  return new AirgapError('USAGE', message, { hint });
}
