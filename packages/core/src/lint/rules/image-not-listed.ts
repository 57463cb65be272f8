import type { UsedImage } from '../../input/model/spec.ts';
import type { RegistrySettings } from '../../input/references.ts';
import type { Reference } from '../../reference/reference.ts';
import { imagesEntryFor } from '../rule-api/images-entry.ts';
import type { RawFinding, Rule } from '../rule-api/rule.ts';
import { ownerOf } from '../rule-api/spec-index.ts';

/** An image that a spec uses and the list lacks. */
export const imageNotListed: Rule = {
  id: 'image-not-listed',
  severity: 'error',
  explanation:
    'Only images of the images: section go into an airgap bundle. One that a spec uses and the list forgot works ' +
    'online, and is missing on the other side of the gap. A Replicated document with an empty images: section, or ' +
    'with none, lists nothing; a digest whose tag is listed is a warning, for the tag may have moved on; Kubernetes manifests without such a document need no list.',
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
    // The native scheduler's components are themselves what is listed.
    const hasList = listed.length === 0 ? isReplicated : listed.some(({ form }) => form !== 'component');
    if (!hasList) return;
    for (const used of specs.spec.used) {
      const reference = specs.reference(used);
      if (reference === undefined || specs.isListed(used)) continue;
      yield specs.isListedByTag(used) ? pinned(used) : missing(used, reference, specs.locations);
    }
  },
};

function missing(used: UsedImage, reference: Reference, locations: RegistrySettings): RawFinding {
  const { image } = used;
  return {
    message: `${image.value} is used by ${ownerOf(used)} and is not on the list: it will be missing from the bundle`,
    hint: `Add it to images: ${entryFor(reference, locations)}.`,
    position: image.position,
  };
}

/** The bundle has the tag, and whether that is still the image of the digest, only a registry knows. */
function pinned(used: UsedImage): RawFinding {
  const { image } = used;
  return {
    severity: 'warning',
    message: `${image.value} is used by ${ownerOf(used)} by its digest, and the list has only its tag: the bundle holds what that tag is by then`,
    hint: 'Use it by the tag alone: an images: entry has no digest.',
    position: image.position,
  };
}

/** The `images:` entry that would hold a reference, as one line. */
function entryFor(reference: Reference, locations: RegistrySettings): string {
  const { source, name, tag } = imagesEntryFor(reference, locations);
  const entry = `{ source: ${source}, name: ${name}, tag: ${JSON.stringify(tag)} }`;
  return reference.digest === undefined ? entry : `${entry}, and use it by that tag: an entry has no digest`;
}
