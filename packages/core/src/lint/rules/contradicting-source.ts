import type { ListedImage } from '../../input/model/spec.ts';
import { REPLICATED_HOST } from '../../reference/replicated.ts';
import type { Rule } from '../rule-api/rule.ts';

/** A name that contradicts its source. */
export const contradictingSource: Rule = {
  id: 'contradicting-source',
  severity: 'error',
  explanation:
    'The source determines where an image is pulled from: replicated adds the registry and the application, the name of ' +
    'a registry adds its host, and public adds nothing. If the name repeats these parts, the resulting reference does ' +
    'not exist and the bundle cannot be built.',
  example: {
    found: `
images:
- source: quay
  name: quay.io/team/web
  tag: "1.2"
`,
    fixed: `
images:
- source: quay
  name: team/web
  tag: "1.2"
`,
  },
  *check({ spec }) {
    for (const image of spec.listed) {
      const problem = image.form === 'list' ? undefined : contradiction(image);
      if (problem) yield { ...problem, position: image.position };
    }
  },
};

function contradiction({ source, name }: ListedImage): { message: string; hint: string } | undefined {
  const segments = name.split('/');
  const first = segments[0] ?? '';
  const rest = segments.slice(1);
  const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  if (source === 'public') {
    if (first !== REPLICATED_HOST) return undefined;
    return {
      message: `${name} is in the Replicated registry, but its source is public`,
      hint: `Write source: replicated and name: ${rest.slice(1).join('/') || rest[0]}.`,
    };
  }
  if (source === 'replicated') {
    if (rest.length === 0) return undefined;
    return {
      message: `${name} has a host or a namespace, but its source is replicated`,
      hint: `Write the bare name: ${rest.at(-1)}.`,
    };
  }
  if (!hasHost) return undefined;
  return {
    message: `${name} begins with a host, but source: ${source} already adds the host`,
    hint: `Write name: ${rest.join('/')}.`,
  };
}
