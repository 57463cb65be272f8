import { isPushedToReplicated, type RegistryRule } from '../rule-api/registry-rule.ts';

/** In bytes. Uploads of nearly 2 GB or more have failed with status 524. */
const MAX_SIZE = 1.9e9;

/** An image with a layer that is too large to push to the Replicated registry. */
export const largeLayer: RegistryRule = {
  id: 'large-layer',
  severity: 'warning',
  queriesRegistries: true,
  explanation:
    'The Replicated registry rejects uploads that take too long with status 524, which happens for layers of about 2 GB ' +
    'and more; retries fail, too. The rule checks only images with source: replicated, because only those are pushed ' +
    "there. The limits of the customer's registry are unknown.",
  *check({ resolutions, domains }) {
    for (const { request, image } of resolutions) {
      const position = request.positions[0];
      const sizes = image?.images.flatMap(({ manifest }) => manifest.layers.map(({ size }) => size)) ?? [];
      const largest = Math.max(0, ...sizes);
      if (largest < MAX_SIZE || !position || !isPushedToReplicated(request, domains)) continue;
      yield {
        message: `${request.reference} has a layer of ${(largest / 1e9).toFixed(1)} GB: uploads of this size to the Replicated registry time out`,
        hint: 'Split its content into several layers: each RUN or COPY creates one layer.',
        position,
      };
    }
  },
};
