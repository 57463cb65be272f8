import { hasOldConfigType } from '../../oci/manifest.ts';
import type { RegistryRule } from '../rule-api/registry-rule.ts';

/** An image whose manifest does not say that its config is one of an image. */
export const oldConfigType: RegistryRule = {
  id: 'old-config-type',
  severity: 'info',
  queriesRegistries: true,
  explanation:
    'The manifest of the image gives its config a generic media type, such as application/octet-stream, or none. Old ' +
    'versions of registries and build tools did so. airgap reads such an image and containerd runs it, but docker with ' +
    'the containerd image store refuses it.',
  *check({ resolutions }) {
    for (const { request, image } of resolutions) {
      const position = request.positions[0];
      const old = image?.images.find(({ manifest }) => hasOldConfigType(manifest));
      if (old === undefined || !position) continue;
      const type = JSON.stringify(old.manifest.config.mediaType);
      yield {
        message: `${request.reference} has an old config type: ${type}`,
        hint: 'Push the image again with a current docker, which replaces the type.',
        position,
      };
    }
  },
};
