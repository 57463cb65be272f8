import type { ImageMapping } from '../copy/image-mapping.ts';
import type { Layout } from '../layout/layout.ts';
import { AirgapError } from '../model/errors.ts';
import { findAttestations } from './attestations.ts';
import { describeLayer, findLargeLayers } from './large-layers.ts';

/** Says more about a failed push: which layer it was, or that the attestations may be the reason. */
export async function explainFailure(
  error: unknown,
  layout: Layout,
  mappings: readonly ImageMapping[],
): Promise<unknown> {
  if (!(error instanceof AirgapError) || !['REGISTRY', 'UNSUPPORTED'].includes(error.code)) return error;
  const { digest } = error.where;
  const layers = digest === undefined ? [] : await findLargeLayers(layout, mappings, 0);
  const layer = layers.find(({ blob }) => blob.digest === digest);
  if (layer) return withHint(error.withNote(describeLayer(layer)), LAYER_HINT);
  if (!error.message.includes('400')) return error;
  for (const { name, root } of mappings) {
    const attested = await findAttestations(layout, root);
    if (attested && [...attested.refused].some(refused => refused === digest))
      return withHint(error.withNote(`${name} has attestations, which some registries reject`), DROP_HINT);
  }
  return error;
}

const LAYER_HINT =
  'Run the same command again: it skips what the registry has stored meanwhile; split the layer if it persists.';
const DROP_HINT = 'Pass --drop-attestations to push the image without them.';

function withHint({ code, message, where, cause }: AirgapError, hint: string): AirgapError {
  return new AirgapError(code, message, { where, cause, hint });
}
