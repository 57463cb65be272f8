import type { Position } from '../../model/position.ts';
import { Reference } from '../../reference/reference.ts';
import type { Rule } from '../rule-api/rule.ts';

/** A reference with a tag and a digest, where only the digest applies. */
export const tagAndDigest: Rule = {
  id: 'tag-and-digest',
  severity: 'info',
  explanation:
    'In a reference with a tag and a digest, only the digest applies. The tag may not be updated with the digest and then ' +
    'shows the wrong version. Some tools reject such references.',
  example: {
    found: `
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: web
    image: quay.io/team/web:1.2@sha256:fd8d9aa63ba2f0982b5304e1ee8d3b90a210bc1ffb5314d980eb6962f1a9715d
`,
    fixed: `
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: web
    image: quay.io/team/web@sha256:fd8d9aa63ba2f0982b5304e1ee8d3b90a210bc1ffb5314d980eb6962f1a9715d # 1.2
`,
  },
  *check({ spec }) {
    const names: { text: string; position: Position }[] = [
      ...spec.listed
        .filter(({ form }) => form === 'list')
        .map(({ name, position }) => ({ text: name, position })),
      ...spec.used
        .filter(({ image }) => !image.templated)
        .map(({ image }) => ({ text: image.value, position: image.position })),
    ];
    for (const { text, position } of names) {
      if (!hasBoth(text)) continue;
      yield {
        image: text,
        message: `${text.slice(0, text.indexOf('@'))} has a tag and a digest: only the digest applies`,
        hint: 'Remove the tag, and write the version in a comment.',
        position,
      };
    }
  },
};

function hasBoth(text: string): boolean {
  if (!text.includes('@')) return false;
  try {
    const { tag, digest } = Reference.parse(text);
    return tag !== undefined && digest !== undefined;
  } catch {
    return false;
  }
}
