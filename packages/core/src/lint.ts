import type { OnEvent } from './events.ts';
import { runRules } from './lint/engine.ts';
import type { Finding } from './lint/finding.ts';
import type { Locations } from './spec/locate.ts';
import { readSources, type SourceText } from './spec/source.ts';
import { parseSpec } from './spec/spec.ts';

export interface LintOptions {
  readonly specs: readonly (string | SourceText)[];
  readonly locations?: Locations | undefined;
  readonly onEvent?: OnEvent | undefined;
}

export interface LintResult {
  readonly findings: readonly Finding[];
  /** The texts that the findings' positions are in. */
  readonly sources: readonly SourceText[];
  /** How many places of the specs name an image. */
  readonly images: number;
}

/** Says what in the specs would break behind the gap; nothing is asked of any registry. @throws AirgapError `INPUT` */
export async function lint({ specs, locations = {}, onEvent }: LintOptions): Promise<LintResult> {
  const sources = await readSources(specs);
  const spec = parseSpec(sources);
  const findings = runRules(spec, locations);
  for (const finding of findings) onEvent?.({ type: 'finding', finding });
  return { findings, sources, images: spec.listed.length + spec.used.length };
}
