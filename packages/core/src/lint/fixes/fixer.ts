import { TextBuffer } from '../../edit/text-buffer.ts';
import { withMark } from '../../input/model/source-text.ts';
import type { Spec } from '../../input/model/spec.ts';
import type { Reading } from '../../input/read-input.ts';
import type { RegistrySettings } from '../../input/references.ts';
import type { Finding } from '../../model/finding.ts';
import type { Position } from '../../model/position.ts';
import type { Fix, FixEdit } from './fix.ts';
import { FixContext } from './fix-context.ts';

/** One applied fix. */
export interface AppliedFix {
  /** The id of the rule that found it, for example `latest-tag`. */
  readonly rule: string;
  /** What was changed, in a few words. */
  readonly message: string;
  /** Position in the file before any fix. */
  readonly position: Position;
}

/** A changed file; the texts include the byte order mark, if any. */
export interface FixedFile {
  readonly file: string;
  readonly before: string;
  readonly after: string;
}

/** Applies fixes to the input and lints it again after each. */
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

  /** The input with all fixes so far. */
  get spec(): Spec {
    return this.#spec;
  }

  /** The findings that remain. */
  get findings(): readonly Finding[] {
    return this.#findings;
  }

  /** Applies one fix to all texts. */
  apply({ id, edits }: Fix): void {
    const findings = this.#findings.filter(({ rule }) => rule === id);
    if (findings.length === 0) return;
    const allEdits = [...edits(new FixContext(this.#spec, findings, this.#locations))];
    if (allEdits.length === 0) return;
    const files = new Set(allEdits.map(({ file }) => file));
    for (const text of this.#texts.filter(({ source }) => files.has(source.file))) {
      const fileEdits = allEdits.filter(({ file }) => file === text.source.file);
      for (const { edit, position } of text.apply<FixEdit>(fileEdits))
        this.#fixed.push({ rule: id, message: edit.message, position });
    }
    this.#spec = this.#reread();
    this.#findings = this.#lint(this.#spec);
  }

  /** Returns the applied fixes in source order, then by line. */
  fixed(): AppliedFix[] {
    const order = new Map(this.#texts.map(({ source: { file } }, index) => [file, index]));
    const placeOf = (file: string) => order.get(file) ?? -1;
    return [...this.#fixed].sort(
      ({ position: a }, { position: b }) =>
        placeOf(a.file) - placeOf(b.file) || a.line - b.line || a.column - b.column,
    );
  }

  /** Returns the changed files. */
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
