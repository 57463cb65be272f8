import { YamlText } from '../../edit/yaml-text.ts';
import type { SourceText } from '../../input/model/source-text.ts';
import type { ListedImage, Spec, UsedImage } from '../../input/model/spec.ts';
import type { RegistrySettings } from '../../input/references.ts';
import type { Finding } from '../../model/finding.ts';
import { formatPosition, type Position } from '../../model/position.ts';

/** What a fix looks at: the specs, what its rule found in them, and their texts. */
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

  /** The text of a file; parsed once, when a fix first asks. */
  text(file: string): YamlText | undefined {
    const source = this.#sources.get(file);
    const text = this.#texts.get(file) ?? (source && new YamlText(source));
    if (text) this.#texts.set(file, text);
    return text;
  }

  /** The entries that have their version at a place: aliases and merge keys bring several to one. */
  listedAt(version: Position): readonly ListedImage[] {
    const place = formatPosition(version);
    return this.spec.listed.filter(one => placeOf(one) === place);
  }

  /** What uses the image at a place: aliases and merge keys bring several containers to one. */
  usesAt(position: Position): readonly UsedImage[] {
    this.#uses ??= usesByPosition(this.spec.used);
    return this.#uses.get(formatPosition(position)) ?? [];
  }
}

/** Where an entry's version stands, which is the tag of a component. */
function placeOf({ form, version, tagPosition }: ListedImage): string | undefined {
  if (form === 'component') return formatPosition(tagPosition);
  return version && formatPosition(version.position);
}

function usesByPosition(uses: readonly UsedImage[]): Map<string, UsedImage[]> {
  const found = new Map<string, UsedImage[]>();
  for (const used of uses) {
    const position = formatPosition(used.image.position);
    const there = found.get(position);
    if (there) there.push(used);
    else found.set(position, [used]);
  }
  return found;
}
