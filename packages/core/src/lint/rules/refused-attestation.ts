import { type AnswerRule, isPushedToReplicated } from '../rule-api/registry-rule.ts';

/** An image with attestations that is to be pushed to a registry which refuses them. */
export const refusedAttestation: AnswerRule = {
  id: 'refused-attestation',
  severity: 'warning',
  asksRegistries: true,
  explanation:
    'docker buildx adds attestations (provenance, SBOM) to what it builds, and the Replicated registry answers their push ' +
    'with 400. Only images with source: replicated are pushed there, so only those are looked at. They are seen before ' +
    "the push when another registry is read in its place, such as the one that the vendor's pipeline pushes to " +
    'first: --mirror registry.replicated.com=https://staging.example.com.',
  *check(answers) {
    for (const { request, image } of answers) {
      const [position] = request.positions;
      if (!image?.isAttested || !position || !isPushedToReplicated(request)) continue;
      yield {
        message: `${request.reference} has attestations, which the Replicated registry refuses with 400 when they are pushed`,
        hint: 'Build it with docker buildx build --provenance=false --sbom=false.',
        position,
      };
    }
  },
};
