import { isPushedToReplicated, type RegistryRule } from '../rule-api/registry-rule.ts';

/** An image with attestations, which the Replicated registry rejects. */
export const refusedAttestation: RegistryRule = {
  id: 'refused-attestation',
  severity: 'warning',
  queriesRegistries: true,
  explanation:
    'docker buildx adds attestations (provenance, SBOM) to its images, and the Replicated registry rejects their push ' +
    'with status 400. The rule checks only images with source: replicated, because only those are pushed there. To check ' +
    'before the push, read another registry instead, such as a staging registry that the pipeline pushes to first: ' +
    '--mirror registry.replicated.com=https://staging.example.com.',
  *check({ resolutions, domains }) {
    for (const { request, image } of resolutions) {
      const position = request.positions[0];
      if (!image?.isAttested || !position || !isPushedToReplicated(request, domains)) continue;
      yield {
        message: `${request.reference} has attestations: the Replicated registry rejects their push with status 400`,
        hint: 'Build the image with docker buildx build --provenance=false --sbom=false, or push it with airgap push --drop-attestations.',
        position,
      };
    }
  },
};
