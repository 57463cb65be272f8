import { isPodImage, type ListedImage, type UsedImage } from '../../input/model/spec.ts';
import type { RawFinding, Rule } from '../rule-api/rule.ts';
import { listedTag, type SpecIndex } from '../rule-api/spec-index.ts';

const SAFE = new Set(['IfNotPresent', 'Never']);

/** A `latest` tag, written or meant, that Kubernetes would try to pull although the image is there. */
export const latestTag: Rule = {
  id: 'latest-tag',
  severity: 'error',
  explanation:
    'Kubernetes pulls an image whose tag is latest, or missing, each time a pod starts, unless imagePullPolicy says ' +
    'IfNotPresent or Never. Behind the gap there is nothing to pull from, and the pod stays in ImagePullBackOff. ' +
    "Containers of Replicated's native scheduler and Swarm services have no pull policy and are left alone; a list is warned of all the same, for it may serve Kubernetes as well.",
  example: {
    found: `
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: web
    image: quay.io/team/web
`,
    fixed: `
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: web
    image: quay.io/team/web:1.2
`,
  },
  *check(specs) {
    for (const used of specs.spec.used) if (isUnsafe(specs, used)) yield ofContainer(used);
    for (const image of specs.spec.listed) {
      if (image.form !== 'component' && listedTag(image) === 'latest') yield* ofEntry(specs, image);
    }
  },
};

/** The rule's own question: latest, and neither IfNotPresent nor Never. */
function isUnsafe(specs: SpecIndex, used: UsedImage): boolean {
  const reference = specs.reference(used);
  if (!isPodImage(used) || reference?.tag !== 'latest' || reference.digest !== undefined) return false;
  return used.pullPolicies.length === 0 || unsafePolicy(used) !== undefined;
}

/** Of the policies in the branches of a template, the first that pulls. */
function unsafePolicy({ pullPolicies }: UsedImage): string | undefined {
  return pullPolicies.find(({ value, templated }) => !templated && !SAFE.has(value))?.value;
}

function ofContainer(used: UsedImage): RawFinding {
  const { image, kind, name, container } = used;
  const written = image.value.endsWith(':latest') ? 'has the tag latest' : 'has no tag, which means latest';
  const unsafe = unsafePolicy(used);
  const policy = unsafe ? `imagePullPolicy: ${unsafe}` : 'no imagePullPolicy, which means Always';
  return {
    message: `${image.value} ${written}, with ${policy}: Kubernetes will try to pull it behind the gap`,
    hint: `Set imagePullPolicy: IfNotPresent on container ${container ?? '(unnamed)'} of ${kind} ${name ?? '(unnamed)'}, or use a tag other than latest.`,
    position: image.position,
  };
}

function* ofEntry(specs: SpecIndex, image: ListedImage): Generator<RawFinding> {
  const uses = specs.usesOf(image).filter(isPodImage);
  const unsafe = uses.filter(used => isUnsafe(specs, used));
  if (uses.length > 0 && unsafe.length === 0) return;
  const written =
    image.tag === undefined && image.form === 'images'
      ? 'has no tag, which means latest'
      : 'has the tag latest';
  const outcome =
    unsafe.length > 0
      ? `${unsafe.length === 1 ? 'a container uses it' : `${unsafe.length} containers use it`} without imagePullPolicy: IfNotPresent`
      : 'no spec in this input uses it with imagePullPolicy: IfNotPresent';
  yield {
    severity: unsafe.length > 0 ? 'error' : 'warning',
    message: `${image.name} ${written}, and ${outcome}: Kubernetes would try to pull it behind the gap`,
    hint: 'Use a tag other than latest, or set imagePullPolicy: IfNotPresent on every container that uses it.',
    position: image.tagPosition,
    related: unsafe.map(used => ({
      position: used.image.position,
      message: `used here by ${used.kind} ${used.name ?? ''}`.trim(),
    })),
  };
}
