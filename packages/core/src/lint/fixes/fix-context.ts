import { YamlText } from '../../edit/yaml-text.ts';
import type { SourceText } from '../../input/model/source-text.ts';
import type { ListedImage, Spec, UsedImage } from '../../input/model/spec.ts';
import type { RegistrySettings } from '../../input/references.ts';
import type { Finding } from '../../model/finding.ts';
import { formatPosition, type Position } from '../../model/position.ts';

/** The input, the findings of the rule, and the parsed texts for one fix. */
export class FixContext {
  readonly spec: Spec;
  readonly locations: RegistrySettings;
  readonly findings: readonly Finding[];
  readonly #sources: ReadonlyMap<string, SourceText>;
  readonly #texts = new Map<string, YamlText>();
  #uses: Map<string, UsedImage[]> | undefined;

  constructor(spec: Spec, findings: readonly Finding[], locations: RegistrySettings) {
    this.spec = spec;
    this.locations = locations;
    this.findings = findings;
    const texts = spec.sources.filter(({ rendered }) => !rendered);
    this.#sources = new Map(texts.map(source => [source.file, source]));
  }

  /** Returns the parsed text of a file; parses it on first use. */
  text(file: string): YamlText | undefined {
    const source = this.#sources.get(file);
    const text = this.#texts.get(file) ?? (source && new YamlText(source));
    if (text) this.#texts.set(file, text);
    return text;
  }

  /** Returns the entries with their version at a position; aliases and merge keys can share one. */
  listedAt(version: Position): readonly ListedImage[] {
    const position = formatPosition(version);
    return this.spec.listed.filter(image => versionPosition(image) === position);
  }

  /** Returns the used images at a position; aliases and merge keys can share one between containers. */
  usesAt(position: Position): readonly UsedImage[] {
    this.#uses ??= usesByPosition(this.spec.used);
    return this.#uses.get(formatPosition(position)) ?? [];
  }
}

/** The position of an entry's version, which for a component is its tag. */
function versionPosition({ form, version, tagPosition }: ListedImage): string | undefined {
  if (form === 'component') return formatPosition(tagPosition);
  return version && formatPosition(version.position);
}

function usesByPosition(uses: readonly UsedImage[]): Map<string, UsedImage[]> {
  const found = new Map<string, UsedImage[]>();
  for (const used of uses) {
    const position = formatPosition(used.image.position);
    const existing = found.get(position);
    if (existing) existing.push(used);
    else found.set(position, [used]);
  }
  return found;
}
