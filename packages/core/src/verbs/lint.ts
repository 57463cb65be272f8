import type { SourceText } from '../input/model/source-text.ts';
import type { Spec } from '../input/model/spec.ts';
import { readSpec, type SpecOptions } from '../input/read-input.ts';
import type { RegistrySettings } from '../input/references.ts';
import { findRequests, type ImageRequest } from '../input/requests.ts';
import { LintRun } from '../lint/lint-run.ts';
import type { RuleSetting } from '../lint/rule-api/rule-setting.ts';
import { AirgapError, isInterrupted } from '../model/errors.ts';
import type { Finding } from '../model/finding.ts';
import { interrupted } from '../model/interrupted.ts';
import { formatPosition } from '../model/position.ts';
import { DEFAULT_PLATFORMS, type PlatformChoice } from '../oci/platform.ts';
import { Registries, type RegistryOptions } from '../registry/registries.ts';
import { resolveAll } from '../resolve/resolve-all.ts';
import type { OnEvent } from '../store/events.ts';

export interface LintOptions extends SpecOptions {
  readonly locations?: RegistrySettings | undefined;
  /** Rules that are off or graded anew; the last word on a rule counts. */
  readonly rules?: readonly RuleSetting[] | undefined;
  /** How to reach the registries; without it nothing is asked of any. */
  readonly online?: OnlineOptions | undefined;
  readonly onEvent?: OnEvent | undefined;
}

export interface OnlineOptions extends Omit<RegistryOptions, 'signal' | 'onEvent'> {
  /** Default: linux/amd64. */
  readonly platforms?: PlatformChoice | undefined;
}

export interface LintResult {
  readonly findings: readonly Finding[];
  /** The texts that the findings' positions are in. */
  readonly sources: readonly SourceText[];
  /** How many places of the specs name an image. */
  readonly images: number;
}

/**
 * Says what in the specs would break behind the gap, and, when the registries are asked, what in the images would.
 *
 * @throws AirgapError `INPUT`, `USAGE`; what a registry says, or does not say, is a finding
 */
export async function lint(options: LintOptions): Promise<LintResult> {
  const { locations = {}, rules, online, onEvent } = options;
  if (online) onEvent?.({ type: 'phase', phase: 'read' });
  const spec = await readSpec(options);
  const linting = new LintRun(spec, rules);
  const offline = linting.specs(locations);
  const asked = online ? await askRegistries(requestsFor(spec, locations, offline), linting, options) : [];
  const findings = linting.inOrder([...offline, ...asked]);
  for (const finding of findings) onEvent?.({ type: 'finding', finding });
  return lintResult(spec, findings);
}

/** What the lint tells of specs and the findings in them. */
export function lintResult({ sources, listed, used }: Spec, findings: readonly Finding[]): LintResult {
  return {
    findings,
    sources: sources.filter(({ rendered }) => !rendered),
    images: listed.length + used.length,
  };
}

async function askRegistries(
  requests: readonly ImageRequest[],
  linting: LintRun,
  { online, signal, onEvent }: LintOptions,
): Promise<Finding[]> {
  onEvent?.({ type: 'phase', phase: 'resolve' });
  try {
    await using registries = await Registries.open({ ...online, signal, onEvent });
    return linting.resolutions(
      await resolveAll(registries, requests, online?.platforms ?? DEFAULT_PLATFORMS, onEvent),
    );
  } catch (error) {
    throw isInterrupted(error) ? interrupted(error) : error;
  }
}

/** @throws AirgapError `INPUT` for images that cannot be located, unless a finding says so already */
function requestsFor(spec: Spec, locations: RegistrySettings, findings: readonly Finding[]): ImageRequest[] {
  const told = new Set(findings.map(({ position }) => formatPosition(position)));
  const { requests, errors } = findRequests(spec, locations);
  const untold = errors.filter(({ where: { position } }) => !position || !told.has(formatPosition(position)));
  if (untold.length > 0) throw AirgapError.all(untold, `${untold.length} images cannot be located`);
  return requests;
}
