import { fc, test as property } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { ImagePath } from '../../packages/core/src/input/formats/image-path.ts';
import { parseSpec } from '../../packages/core/src/input/spec-parser.ts';
import { runRules } from '../../packages/core/src/lint/lint-run.ts';

const PATHS = [ImagePath.parse('Database', '.spec[*].image')];

/** Reads a text as `lint` does, which must never throw. */
export function read(text: string) {
  const spec = parseSpec([{ file: 'f', text }], PATHS);
  runRules(spec, {});
  return spec;
}

export const words = (text: string) => text.split(' · ');

/** Keywords, YAML syntax, and control characters. */
const WORDS = [
  words(
    'apiVersion: v1 · apiVersion: kots.io/v1beta1 · apiVersion: troubleshoot.sh/v1beta2 · kind: Pod · kind: List',
  ),
  words(
    'kind: HelmChart · kind: Database · kind: Application · spec: · items: · containers: · image: a:1 · images:',
  ),
  words(
    'components: · services: · collectors: · chart: {name: x} · builder: *a · additionalImages: [a] · tag: 3.10',
  ),
  words(
    '# kind: replicated · # kind: scheduler-swarm · name: a · replicated_api_version: 2 · <<: *a · null · true',
  ),
  words(
    '--- · ... · %YAML 1.2 · &a · *a · !!str · !<x> · | · >- · -  · ?  · :  · [ · ] · { · } · , · " · \' · # · @ · `',
  ),
  words('{{repl X "y"}} · repl{{ X }} · {{ · }} · {{/* · $ · ~ · 010'),
  ['\n', '\n  ', '\n    ', '\r\n', '\r', '\t', ' ', '\0', '\uFEFF', '\uFFFD', '\u2028', '\u001b', '\uD800'],
].flat();
const text = fc
  .array(fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...WORDS) }, fc.constant('\n'), fc.string()), {
    maxLength: 60,
  })
  .map(parts => parts.join(''));

/** How much a property is tried. */
export interface Effort {
  readonly numRuns: number;
  /** In ms. */
  readonly interruptAfterTimeLimit?: number;
}

/** Declares the properties of texts of any kind. */
export function testAnyText(effort: Effort): void {
  describe('no text throws:', () => {
    property.prop([text], effort)('of keywords and syntax', text => {
      for (const { code, where } of read(text).parseErrors) {
        expect(code).toBe('INPUT');
        expect(where.position?.file).toBe('f');
      }
    });

    const bytes = fc.uint8Array({ maxLength: 200 });
    property.prop([bytes], { ...effort, numRuns: effort.numRuns / 4 })('of any bytes', bytes => {
      read(Buffer.from(bytes).toString('latin1'));
    });
  });
}
