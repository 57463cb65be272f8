import { isPodImage, type ListedImage, type UsedImage } from '../../input/model/spec.ts';
import type { RawFinding, Rule } from '../rule-api/rule.ts';
import { listedTag, type SpecIndex } from '../rule-api/spec-index.ts';

const SAFE = new Set(['IfNotPresent', 'Never']);

/** An explicit or implied `latest` tag, which Kubernetes pulls even if the image is present. */
export const latestTag: Rule = {
  id: 'latest-tag',
  severity: 'error',
  explanation:
    'Kubernetes pulls an image with the tag latest, or without a tag, each time a pod starts, unless imagePullPolicy is ' +
    'IfNotPresent or Never. In the air-gapped cluster the pull fails, and the pod stays in ImagePullBackOff. Containers ' +
    "of Replicated's native scheduler and Swarm services have no pull policy and are not checked. List entries are " +
    'always checked, because the list may also be used with Kubernetes.',
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

/** Returns whether the tag is latest and the policy neither IfNotPresent nor Never. */
function isUnsafe(specs: SpecIndex, used: UsedImage): boolean {
  const reference = specs.reference(used);
  if (!isPodImage(used) || reference?.tag !== 'latest' || reference.digest !== undefined) return false;
  return used.pullPolicies.length === 0 || unsafePolicy(used) !== undefined;
}

/** Returns the first policy that pulls; the branches of a template may have several. */
function unsafePolicy({ pullPolicies }: UsedImage): string | undefined {
  return pullPolicies.find(({ value, templated }) => !templated && !SAFE.has(value))?.value;
}

function ofContainer(used: UsedImage): RawFinding {
  const { image, kind, name, container } = used;
  const tag = image.value.endsWith(':latest') ? 'has the tag latest' : 'has no tag, which means latest';
  const unsafe = unsafePolicy(used);
  const policy = unsafe ? `imagePullPolicy: ${unsafe}` : 'no imagePullPolicy, which means Always';
  return {
    message: `${image.value} ${tag}, with ${policy}: Kubernetes will try to pull it in the air-gapped cluster`,
    hint: `Set imagePullPolicy: IfNotPresent on container ${container ?? '(unnamed)'} of ${kind} ${name ?? '(unnamed)'}, or use a tag other than latest.`,
    position: image.position,
    image: image.value,
  };
}

function* ofEntry(specs: SpecIndex, image: ListedImage): Generator<RawFinding> {
  const allUses = specs.usesOf(image);
  if (allUses.length > 0 && allUses.every(isServiceImage)) {
    yield ofServices(image);
    return;
  }
  const uses = allUses.filter(isPodImage);
  const unsafe = uses.filter(used => isUnsafe(specs, used));
  if (uses.length > 0 && unsafe.length === 0) return;
  const isImplied = image.tag === undefined && image.form === 'images';
  const tag = isImplied ? 'has no tag, which means latest' : 'has the tag latest';
  yield {
    severity: unsafe.length > 0 ? 'error' : 'warning',
    message: `${image.name} ${tag}, and ${usage(unsafe.length)}: Kubernetes would try to pull it in the air-gapped cluster`,
    hint: 'Use a tag other than latest, or set imagePullPolicy: IfNotPresent on every container that uses it.',
    position: image.tagPosition,
    related: unsafe.map(used => ({
      position: used.image.position,
      message: `used here by ${used.kind} ${used.name ?? ''}`.trim(),
    })),
  };
}

/** Returns whether a Swarm or Compose service uses the image: they have no pull policy of Kubernetes. */
function isServiceImage({ field }: UsedImage): boolean {
  return field === 'services';
}

function ofServices(image: ListedImage): RawFinding {
  const tag = image.tag === undefined ? 'has no tag, which means latest' : 'has the tag latest';
  return {
    severity: 'warning',
    message: `${image.name} ${tag}, and only services of Swarm or Compose use it: each build of the bundle may contain another image`,
    hint: 'Use a tag other than latest, so that all nodes run the same image.',
    position: image.tagPosition,
  };
}

function usage(unsafeContainers: number): string {
  if (unsafeContainers === 0) return 'no manifest in the input uses it with imagePullPolicy: IfNotPresent';
  if (unsafeContainers === 1) return 'a container uses it without imagePullPolicy: IfNotPresent';
  return `${unsafeContainers} containers use it without imagePullPolicy: IfNotPresent`;
}
