import type { UnreadImage } from '../../input/model/spec.ts';
import { reasonOfUnread } from '../../input/reason.ts';
import type { RawFinding, Rule } from '../rule-api/rule.ts';

/** A string that looks like an image, where no format reads one. */
export const unreadImage: Rule = {
  id: 'unread-image',
  severity: 'warning',
  explanation:
    'Operators get the images that they start from variables, arguments, ConfigMaps, annotations and fields of custom ' +
    'resources. airgap reads the fields whose meaning it knows; this rule reports every other string that looks like an ' +
    'image, because it will be missing in the air-gapped cluster. A name with its registry and a tag or digest is a ' +
    'warning; a name without a registry is reported as info, and only if its key, variable or flag contains the word ' +
    'image. Data of secrets is never read. The rule reports nothing for an image that the bundle contains anyway.',
  example: {
    found: `
apiVersion: v1
kind: Pod
metadata:
  name: operator
spec:
  containers:
  - name: operator
    image: quay.io/team/operator:1.0
    args:
    - --worker-image=quay.io/team/worker:1.0
`,
    fixed: `
apiVersion: v1
kind: Pod
metadata:
  name: operator
spec:
  containers:
  - name: operator
    image: quay.io/team/operator:1.0
    args:
    # airgap-ignore unread-image: listed under include: in airgap.yaml
    - --worker-image=quay.io/team/worker:1.0
`,
  },
  *check(specs) {
    for (const unread of specs.spec.unread)
      if (!specs.isCarried(unread.image)) yield finding(unread, specs.hasList);
  },
};

function finding(unread: UnreadImage, hasList: boolean): RawFinding {
  const { image, isFull } = unread;
  const list = hasList ? 'Add it to images:' : 'Add it to include: in airgap.yaml';
  return {
    severity: isFull ? 'warning' : 'info',
    message: `${image.value} in ${reasonOfUnread(unread)} looks like an image that the bundle will not contain`,
    hint: `${list}, use --include-unread, or add it to exclude: if it is not needed.`,
    position: image.position,
    image: image.value,
  };
}
