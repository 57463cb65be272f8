import { AirgapError } from '../../model/errors.ts';
import type { RenderInput } from '../find/find-input.ts';
import type { SourceText } from '../model/source-text.ts';

/** What became of charts or kustomizations. */
export interface Rendered {
  readonly sources: readonly SourceText[];
  /** The files of those that could not be rendered, to be read as they are. */
  readonly files: readonly string[];
  /** Why they could not, each `INPUT` with its position. */
  readonly errors: readonly AirgapError[];
}

/** The error for something that could not be rendered. @param what it is, for example `chart` */
export function notRendered(what: string, { file, files }: RenderInput, error: AirgapError): AirgapError {
  const instead = files.length > 0 ? ', and its files were read as they are' : '';
  return new AirgapError('INPUT', `the ${what} is not rendered${instead}: ${error.message}`, {
    where: { position: { file, line: 1, column: 1 } },
    hint: error.hint ?? '',
    cause: error,
  });
}
