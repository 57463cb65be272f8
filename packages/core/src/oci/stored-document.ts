import { AirgapError, type ErrorContext } from '../model/errors.ts';

/**
 * Parses a manifest or a config of a source. In a file, one that violates the specification is damage of that file: no
 * registry has sent it, and a retry does not help.
 *
 * @param origin of the source: a `path`, or the `host` of a registry
 * @throws AirgapError `BUNDLE` in place of `REGISTRY` for a file; others as `parse` throws them
 */
export function parseFrom<T>(origin: ErrorContext, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof AirgapError) || error.code !== 'REGISTRY' || origin.path === undefined)
      throw error;
    throw new AirgapError('BUNDLE', error.message, {
      where: { ...origin, ...error.where },
      hint: 'Check it with airgap verify, and fetch it again.',
      cause: error,
    });
  }
}
