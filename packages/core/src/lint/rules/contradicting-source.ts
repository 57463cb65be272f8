import type { ListedImage } from '../../input/model/spec.ts';
import { REPLICATED_HOST } from '../../reference/replicated.ts';
import type { Rule } from '../rule-api/rule.ts';

/** A name that does not go with its source. */
export const contradictingSource: Rule = {
  id: 'contradicting-source',
  severity: 'error',
  explanation:
    'Where an image is pulled from follows from its source: replicated adds the registry and the application, a ' +
    "registry's name adds its host, and public adds nothing. A name that says it again leads to a place where the " +
    'image is not, and the bundle cannot be built.',
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
      const wrong = image.form === 'list' ? undefined : contradiction(image);
      if (wrong) yield { ...wrong, position: image.position };
    }
  },
};

function contradiction({ source, name }: ListedImage): { message: string; hint: string } | undefined {
  const [first = '', ...rest] = name.split('/');
  const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  if (source === 'public') {
    if (first !== REPLICATED_HOST) return undefined;
    return {
      message: `${name} is in the Replicated registry, and its source is public`,
      hint: `Write source: replicated and name: ${rest.slice(1).join('/') || rest[0]}.`,
    };
  }
  if (source === 'replicated') {
    if (rest.length === 0) return undefined;
    return {
      message: `${name} has a host or a namespace, and its source is replicated`,
      hint: `Write the bare name: ${rest.at(-1)}.`,
    };
  }
  if (!hasHost) return undefined;
  return {
    message: `${name} begins with a host, and source: ${source} says the host already`,
    hint: `Write name: ${rest.join('/')}.`,
  };
}
