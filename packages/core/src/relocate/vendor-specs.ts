import { readFile, stat } from 'node:fs/promises';
import { changedText } from '../edit/replace-text.ts';
import { findInput, type RenderInput, readFiles } from '../input/find/find-input.ts';
import { ImagePath, type ImagePaths } from '../input/formats/image-path.ts';
import { withMark } from '../input/model/source-text.ts';
import type { Spec } from '../input/model/spec.ts';
import { parseSpec } from '../input/spec-parser.ts';
import type { OutputFile } from './output-file.ts';
import { type RewritingOptions, type RewrittenSpecs, rewriteSpecs } from './rewrite-specs.ts';
import type { Skipped } from './skipped.ts';
import { type SpecCopy, specCopies } from './spec-copy.ts';

export interface VendorSpecsOptions {
  /** Files and directories. */
  readonly specs: readonly string[];
  /** Where the copies go. */
  readonly directory: string;
  /** Where objects of other kinds name images. */
  readonly imagePaths?: ImagePaths | undefined;
}

/** What the vendor wrote, to be copied with other names in it. Nothing is rendered: what stands there counts. */
export class VendorSpecs {
  readonly #spec: Spec;
  readonly #copies: readonly SpecCopy[];
  readonly #opaque: readonly Skipped[];

  private constructor(spec: Spec, copies: readonly SpecCopy[], opaque: readonly Skipped[]) {
    this.#spec = spec;
    this.#copies = copies;
    this.#opaque = opaque;
  }

  /** Reads it all. @throws AirgapError `INPUT`, `USAGE` */
  static async open({ specs, directory, imagePaths = {} }: VendorSpecsOptions): Promise<VendorSpecs> {
    const paths = ImagePath.all(imagePaths);
    const copies = await specCopies(specs, directory);
    const { texts, charts, kustomizations, readErrors } = await findInput(specs);
    const templates = await readFiles(charts.flatMap(({ files }) => files));
    const spec = parseSpec([...texts, ...templates.texts], paths);
    const archives = charts.filter(({ path, file }) => path === file);
    const opaque = [
      ...archives.map(one =>
        left(one, 'a packed chart is not opened: unpack it, or rename its images with its values'),
      ),
      ...kustomizations.map(one =>
        left(one, 'a kustomization is not changed: add the list of --kustomize to it'),
      ),
    ];
    return new VendorSpecs(
      { ...spec, parseErrors: [...readErrors, ...templates.readErrors, ...spec.parseErrors] },
      copies,
      opaque,
    );
  }

  /** The texts with their images' new names. */
  rewrite(options: RewritingOptions): RewrittenSpecs {
    const rewriting = rewriteSpecs(this.#spec, options);
    return { ...rewriting, skipped: [...this.#opaque, ...rewriting.skipped] };
  }

  /** Every file as it is to be written, one by one. @throws AirgapError `INPUT` for one that has changed meanwhile */
  async *files({ texts }: RewrittenSpecs): AsyncGenerator<OutputFile> {
    const sources = new Map(this.#spec.sources.map(source => [source.file, source]));
    for (const { from, to } of this.#copies) {
      const { mode } = await stat(from);
      const source = sources.get(from);
      const after = texts.get(from);
      const content =
        source === undefined || after === undefined
          ? await readFile(from)
          : await changedText(from, withMark(source, source.text), withMark(source, after));
      yield { kind: 'spec', path: to, content, mode: mode & 0o777 };
    }
  }
}

function left({ file }: RenderInput, message: string): Skipped {
  return { message, position: { file, line: 1, column: 1 } };
}
