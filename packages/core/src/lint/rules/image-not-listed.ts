import type { UsedImage } from '../../input/model/spec.ts';
import type { RegistrySettings } from '../../input/references.ts';
import type { Reference } from '../../reference/reference.ts';
import { imagesEntryFor } from '../rule-api/images-entry.ts';
import type { RawFinding, Rule } from '../rule-api/rule.ts';
import { ownerOf } from '../rule-api/spec-index.ts';

/** An image that a manifest uses but that is not listed. */
export const imageNotListed: Rule = {
  id: 'image-not-listed',
  severity: 'error',
  explanation:
    'An airgap bundle contains only the images of the images: section. An image that a manifest uses but that is not ' +
    'listed works online and is missing in the air-gapped cluster. In a Replicated document with an empty or missing images: ' +
    'section, no image is listed. An image used by digest whose tag is listed is a warning, because the tag may have ' +
    'changed. Kubernetes manifests without a Replicated document need no list.',
  example: {
    found: `
images:
- name: redis
  tag: "7"
---
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: web
    image: ghcr.io/team/web:1.2
`,
    fixed: `
images:
- name: redis
  tag: "7"
- name: ghcr.io/team/web
  tag: "1.2"
---
apiVersion: v1
kind: Pod
metadata:
  name: cache
spec:
  containers:
  - name: cache
    image: redis:7
  - name: web
    image: ghcr.io/team/web:1.2
`,
  },
  *check(specs) {
    const { listed, isReplicated } = specs.spec;
    // The native scheduler's components are themselves list entries.
    const hasList = listed.length === 0 ? isReplicated : listed.some(({ form }) => form !== 'component');
    if (!hasList) return;
    for (const used of specs.spec.used) {
      const reference = specs.reference(used);
      if (reference === undefined || used.isIncluded || specs.isListed(used)) continue;
      yield specs.isListedByTag(used) ? pinned(used) : missing(used, reference, specs.locations);
    }
  },
};

function missing(used: UsedImage, reference: Reference, locations: RegistrySettings): RawFinding {
  const { image } = used;
  return {
    message: `${image.value} is used by ${ownerOf(used)} but not listed: it will be missing from the bundle`,
    hint: `Add it to images: ${entryFor(reference, locations)}.`,
    position: image.position,
    image: image.value,
  };
}

/** Only a registry knows whether the listed tag still has this digest. */
function pinned(used: UsedImage): RawFinding {
  const { image } = used;
  return {
    severity: 'warning',
    message: `${image.value} is used by ${ownerOf(used)} by digest, but only its tag is listed: the bundle contains the image that the tag points to at build time`,
    hint: 'Use the image by tag only: an images: entry has no digest.',
    position: image.position,
    image: image.value,
  };
}

/** Formats the `images:` entry for a reference on one line. */
function entryFor(reference: Reference, locations: RegistrySettings): string {
  const { source, name, tag } = imagesEntryFor(reference, locations);
  const entry = `{ source: ${source}, name: ${name}, tag: ${JSON.stringify(tag)} }`;
  return reference.digest === undefined
    ? entry
    : `${entry}, and use the image by that tag: an entry has no digest`;
}
