import { TextBuffer } from '../../edit/text-buffer.ts';
import { withMark } from '../../input/model/source-text.ts';
import type { Spec } from '../../input/model/spec.ts';
import type { Reading } from '../../input/read-input.ts';
import type { RegistrySettings } from '../../input/references.ts';
import type { Finding } from '../../model/finding.ts';
import type { Position } from '../../model/position.ts';
import type { Fix, FixEdit } from './fix.ts';
import { FixContext } from './fix-context.ts';

/** One thing that was mended. */
export interface AppliedFix {
  /** The id of the rule that found it, for example `latest-tag`. */
  readonly rule: string;
  /** What was done, in a few words. */
  readonly message: string;
  /** Where, in the file as it was before. */
  readonly position: Position;
}

/** A file whose text is another one now, with its byte order mark when it has one. */
export interface FixedFile {
  readonly file: string;
  readonly before: string;
  readonly after: string;
}

/** The texts that were named, with what is wrong in them as they read now. */
export class Fixer {
  readonly #reading: Reading;
  readonly #lint: (spec: Spec) => readonly Finding[];
  readonly #locations: RegistrySettings;
  readonly #texts: readonly TextBuffer[];
  readonly #fixed: AppliedFix[] = [];
  #spec: Spec;
  #findings: readonly Finding[];

  constructor(reading: Reading, lint: (spec: Spec) => readonly Finding[], locations: RegistrySettings) {
    const sources = reading.spec.sources.filter(({ rendered }) => !rendered);
    this.#reading = reading;
    this.#lint = lint;
    this.#locations = locations;
    this.#texts = sources.map(source => new TextBuffer(source));
    this.#spec = this.#reread();
    this.#findings = lint(this.#spec);
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
    const all = [...edits(new FixContext(this.#spec, findings, this.#locations))];
    if (all.length === 0) return;
    const files = new Set(all.map(({ file }) => file));
    for (const text of this.#texts.filter(({ source }) => files.has(source.file))) {
      const own = all.filter(({ file }) => file === text.source.file);
      for (const { edit, position } of text.apply<FixEdit>(own))
        this.#fixed.push({ rule: id, message: edit.message, position });
    }
    this.#spec = this.#reread();
    this.#findings = this.#lint(this.#spec);
  }

  /** What was mended, in the order of the sources, line by line. */
  fixed(): AppliedFix[] {
    const order = new Map(this.#texts.map(({ source: { file } }, index) => [file, index]));
    const placeOf = (file: string) => order.get(file) ?? -1;
    return [...this.#fixed].sort(
      ({ position: a }, { position: b }) =>
        placeOf(a.file) - placeOf(b.file) || a.line - b.line || a.column - b.column,
    );
  }

  /** The files whose text is another one now. */
  files(): FixedFile[] {
    return this.#texts
      .filter(({ source, edited }) => source.text !== edited.text)
      .map(({ source, edited }) => ({
        file: source.file,
        before: withMark(source, source.text),
        after: withMark(source, edited.text),
      }));
  }

  #reread(): Spec {
    const rendered = this.#reading.spec.sources.filter(source => source.rendered);
    return this.#reading.reread([...this.#texts.map(({ edited }) => edited), ...rendered]);
  }
}
