import { realpath } from 'node:fs/promises';
import type { Finding } from '../lint/finding.ts';
import type { Position } from '../position.ts';
import type { Spec } from '../spec/image.ts';
import type { Locations } from '../spec/locate.ts';
import type { Reading } from '../spec/read.ts';
import type { SourceText } from '../spec/source.ts';
import { EditedText } from './edited-text.ts';
import type { Fix, FixEdit } from './fix.ts';
import { FixSubject } from './subject.ts';

/** One thing that was mended. */
export interface Mended {
  /** The id of the rule that found it, for example `latest-tag`. */
  readonly rule: string;
  /** What was done, in a few words. */
  readonly message: string;
  /** Where, in the file as it was before. */
  readonly position: Position;
}

/** A file whose text is another one now. */
export interface FixedFile {
  readonly file: string;
  readonly before: string;
  readonly after: string;
}

/** The texts that were named, with what is wrong in them as they read now. */
export class FixWork {
  readonly #reading: Reading;
  readonly #lint: (spec: Spec) => readonly Finding[];
  readonly #locations: Locations;
  readonly #texts: readonly EditedText[];
  readonly #mended: Mended[] = [];
  #spec: Spec;
  #findings: readonly Finding[];

  private constructor(
    reading: Reading,
    lint: (spec: Spec) => readonly Finding[],
    locations: Locations,
    texts: readonly EditedText[],
  ) {
    this.#reading = reading;
    this.#lint = lint;
    this.#locations = locations;
    this.#texts = texts;
    this.#spec = this.#reread();
    this.#findings = lint(this.#spec);
  }

  static async open(
    reading: Reading,
    lint: (spec: Spec) => readonly Finding[],
    locations: Locations,
  ): Promise<FixWork> {
    return new FixWork(reading, lint, locations, await distinctTexts(reading.spec.sources));
  }

  /** The specs as they read now. */
  get spec(): Spec {
    return this.#spec;
  }

  /** What is wrong in them now. */
  get findings(): readonly Finding[] {
    return this.#findings;
  }

  /** Makes one fix in all texts, as those before it have left them. */
  make({ id, edits }: Fix): void {
    const findings = this.#findings.filter(({ rule }) => rule === id);
    if (findings.length === 0) return;
    const all = [...edits(new FixSubject(this.#spec, findings, this.#locations))];
    if (all.length === 0) return;
    const files = new Set(all.map(({ file }) => file));
    for (const text of this.#texts.filter(({ source }) => files.has(source.file))) {
      const own = all.filter(({ file }) => file === text.source.file);
      for (const { edit, position } of text.apply<FixEdit>(own))
        this.#mended.push({ rule: id, message: edit.message, position });
    }
    this.#spec = this.#reread();
    this.#findings = this.#lint(this.#spec);
  }

  /** What was mended, in the order of the sources, line by line. */
  mended(): Mended[] {
    const order = new Map(this.#texts.map(({ source: { file } }, index) => [file, index]));
    const placeOf = (file: string) => order.get(file) ?? -1;
    return [...this.#mended].sort(
      ({ position: a }, { position: b }) =>
        placeOf(a.file) - placeOf(b.file) || a.line - b.line || a.column - b.column,
    );
  }

  /** The files whose text is another one now. */
  files(): FixedFile[] {
    return this.#texts.flatMap(({ source: { file, text }, edited }) =>
      text === edited.text ? [] : [{ file, before: text, after: edited.text }],
    );
  }

  #reread(): Spec {
    const rendered = this.#reading.spec.sources.filter(source => source.rendered);
    return this.#reading.reread([...this.#texts.map(({ edited }) => edited), ...rendered]);
  }
}

/** One file may be named twice, and must not be written over with half of its fixes. */
async function distinctTexts(sources: readonly SourceText[]): Promise<EditedText[]> {
  const texts = new Map<string, EditedText>();
  for (const source of sources) {
    if (source.rendered) continue;
    const path = await realpath(source.file);
    if (!texts.has(path)) texts.set(path, new EditedText(source));
  }
  return [...texts.values()];
}
