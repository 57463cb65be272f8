import { availableParallelism } from 'node:os';
import { AirgapError } from '../../model/errors.ts';
import type { RenderInput } from '../find/find-input.ts';
import type { SourceText } from '../model/source-text.ts';
import type { InputNote } from '../model/spec.ts';

/** The programs also wait, for the disk and for each other. */
const MIN_RENDERERS = 4;
/** Each program needs up to 100 MB. */
const MAX_RENDERERS = 16;

/** Number of charts or kustomizations that are rendered concurrently: one on each processor. */
export const RENDERERS = Math.min(Math.max(availableParallelism(), MIN_RENDERERS), MAX_RENDERERS);

/** The result of rendering charts or kustomizations. */
export interface Rendered {
  readonly sources: readonly SourceText[];
  /** The files to be read as plain YAML: those of what could not be rendered, and those that nothing rendered names. */
  readonly files: readonly string[];
  /** The reasons, each `INPUT` with its position. */
  readonly errors: readonly AirgapError[];
  /** What the rendering does not show. */
  readonly notes: readonly InputNote[];
}

const FALLBACKS = {
  chart: ' (only the literal images of its templates were read)',
  kustomization: ' (its files were read as plain YAML)',
};

/** Makes the error for an input that could not be rendered. */
export function notRendered(
  what: keyof typeof FALLBACKS,
  { file, files }: RenderInput,
  error: AirgapError,
): AirgapError {
  const fallback = files.length > 0 ? FALLBACKS[what] : '';
  return new AirgapError('INPUT', `${what} not rendered${fallback}: ${error.message}`, {
    where: { position: { file, line: 1, column: 1 } },
    hint: error.hint ?? '',
    cause: error,
  });
}
