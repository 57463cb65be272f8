import type { ListedImage } from '../../input/model/spec.ts';
import type { Rule } from '../rule-api/rule.ts';

/** One image on the list twice, written alike or differently. */
export const duplicateImage: Rule = {
  id: 'duplicate-image',
  severity: 'warning',
  explanation:
    'Two entries for one image are a change that was made in one place and forgotten in the other: sooner or later ' +
    'they differ, and the customer gets the one that nobody looks at.',
  example: {
    found: `
images:
- name: redis
  tag: "7.2"
- name: docker.io/library/redis
  tag: "7.2"
`,
    fixed: `
images:
- name: redis
  tag: "7.2"
`,
  },
  *check(specs) {
    const first = new Map<string, ListedImage>();
    for (const image of specs.spec.listed) {
      if (image.form === 'component') continue;
      const key = specs.key(image);
      const before = first.get(key);
      if (before === undefined) first.set(key, image);
      else
        yield {
          message:
            before.name === image.name && before.source === image.source
              ? `${image.name} is on the list twice`
              : `${image.name} is the same image as ${before.name}, spelled differently`,
          hint: 'Remove one of the two entries.',
          position: image.position,
          related: [{ position: before.position, message: 'the first one is here' }],
        };
    }
  },
};
