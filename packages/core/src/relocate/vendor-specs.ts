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
  /** Directory for the copies. */
  readonly directory: string;
  /** Paths of image references in objects of other kinds. */
  readonly imagePaths?: ImagePaths | undefined;
}

/** The specs of a vendor, copied with new image references. Templates and charts are not rendered. */
export class VendorSpecs {
  readonly #spec: Spec;
  readonly #copies: readonly SpecCopy[];
  readonly #notRewritten: readonly Skipped[];

  private constructor(spec: Spec, copies: readonly SpecCopy[], notRewritten: readonly Skipped[]) {
    this.#spec = spec;
    this.#copies = copies;
    this.#notRewritten = notRewritten;
  }

  /** Reads the specs. @throws AirgapError `INPUT`, `USAGE` */
  static async open({ specs, directory, imagePaths = {} }: VendorSpecsOptions): Promise<VendorSpecs> {
    const paths = ImagePath.all(imagePaths);
    const copies = await specCopies(specs, directory);
    const { texts, charts, kustomizations, readErrors } = await findInput(specs);
    const templates = await readFiles(charts.flatMap(({ files }) => files));
    const spec = parseSpec([...texts, ...templates.texts], paths);
    const archives = charts.filter(({ path, file }) => path === file);
    const notRewritten = [
      ...archives.map(chart =>
        skip(chart, 'a packaged chart is not rewritten: unpack it, or set its images in the values'),
      ),
      ...kustomizations.map(kustomization =>
        skip(kustomization, 'a kustomization is not rewritten: add the images list of --kustomize'),
      ),
    ];
    return new VendorSpecs(
      { ...spec, parseErrors: [...readErrors, ...templates.readErrors, ...spec.parseErrors] },
      copies,
      notRewritten,
    );
  }

  /** Replaces image references in the texts of the specs. */
  rewrite(options: RewritingOptions): RewrittenSpecs {
    const rewritten = rewriteSpecs(this.#spec, options);
    return { ...rewritten, skipped: [...this.#notRewritten, ...rewritten.skipped] };
  }

  /** All files with their new content. @throws AirgapError `INPUT` for a file that was modified after it was read */
  async *files({ texts }: RewrittenSpecs): AsyncGenerator<OutputFile> {
    const sources = new Map(this.#spec.sources.map(source => [source.file, source]));
    for (const { from, to } of this.#copies) {
      const { mode } = await stat(from);
      const source = sources.get(from);
      const newText = texts.get(from);
      const isRewritten = source !== undefined && newText !== undefined;
      const content = isRewritten
        ? await changedText(from, withMark(source, source.text), withMark(source, newText))
        : await readFile(from);
      yield { kind: 'spec', path: to, content, mode: mode & 0o777 };
    }
  }
}

function skip({ file }: RenderInput, message: string): Skipped {
  return { message, position: { file, line: 1, column: 1 } };
}
