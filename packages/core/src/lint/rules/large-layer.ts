import { type AnswerRule, isPushedToReplicated } from '../rule-api/registry-rule.ts';

/** In bytes: from near 2 GB on, uploads have been seen to end with 524. */
const LARGE = 1.9e9;

/** An image with a layer that is too large to be pushed to the Replicated registry. */
export const largeLayer: AnswerRule = {
  id: 'large-layer',
  severity: 'warning',
  asksRegistries: true,
  explanation:
    'The Replicated registry ends an upload that takes too long with 524, and a layer near or over 2 GB does: the push ' +
    'fails, however often it is tried. Only images with source: replicated are pushed there, so only those are looked ' +
    "at; what the customer's own registry takes is not known here.",
  *check(answers) {
    for (const { request, image } of answers) {
      const [position] = request.positions;
      const sizes = image?.images.flatMap(({ manifest }) => manifest.layers.map(({ size }) => size)) ?? [];
      const largest = Math.max(0, ...sizes);
      if (largest < LARGE || !position || !isPushedToReplicated(request)) continue;
      yield {
        message: `${request.reference} has a layer of ${(largest / 1e9).toFixed(1)} GB, which the Replicated registry cannot take in time`,
        hint: 'Split what makes it so large over several layers: one RUN or COPY makes one layer.',
        position,
      };
    }
  },
};
