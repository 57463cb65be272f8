import { AirgapError, isInterrupted } from '../model/errors.ts';
import type { OnEvent } from '../store/events.ts';
import { askAll } from '../resolve/resolve-all.ts';
import { interrupted } from '../model/interrupted.ts';
import { Linting } from '../lint/lint-run.ts';
import type { Finding } from '../model/finding.ts';
import type { RuleGrade } from '../lint/rule-api/rule-setting.ts';
import { DEFAULT_PLATFORMS, type PlatformChoice } from '../oci/platform.ts';
import { formatPosition } from '../model/position.ts';
import { Registries, type RegistryOptions } from '../registry/registries.ts';
import type { Spec } from '../input/model/spec.ts';
import type { Locations } from '../input/references.ts';
import { readSpec, type SpecOptions } from '../input/read-input.ts';
import { findRequests, type ImageRequest } from '../input/requests.ts';
import type { SourceText } from '../input/model/source-text.ts';

export interface LintOptions extends SpecOptions {
  readonly locations?: Locations | undefined;
  /** Rules that are off or graded anew; the last word on a rule counts. */
  readonly rules?: readonly RuleGrade[] | undefined;
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
  const linting = new Linting(spec, rules);
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
  linting: Linting,
  { online, signal, onEvent }: LintOptions,
): Promise<Finding[]> {
  onEvent?.({ type: 'phase', phase: 'resolve' });
  try {
    await using registries = await Registries.open({ ...online, signal, onEvent });
    return linting.answers(
      await askAll(registries, requests, online?.platforms ?? DEFAULT_PLATFORMS, onEvent),
    );
  } catch (error) {
    throw isInterrupted(error) ? interrupted(error) : error;
  }
}

/** @throws AirgapError `INPUT` for images that cannot be located, unless a finding says so already */
function requestsFor(spec: Spec, locations: Locations, findings: readonly Finding[]): ImageRequest[] {
  const told = new Set(findings.map(({ position }) => formatPosition(position)));
  const { requests, errors } = findRequests(spec, locations);
  const untold = errors.filter(({ where: { position } }) => !position || !told.has(formatPosition(position)));
  if (untold.length > 0) throw AirgapError.all(untold, `${untold.length} images cannot be located`);
  return requests;
}
