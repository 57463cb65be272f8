import type { ListedImage } from '../../input/model/spec.ts';
import type { Rule } from '../rule-api/rule.ts';

/** An image that is listed twice, with the same or another spelling. */
export const duplicateImage: Rule = {
  id: 'duplicate-image',
  severity: 'warning',
  explanation:
    'Two entries for the same image are usually the result of an incomplete change. Later edits may change only one of ' +
    'them, and the customer then gets an image that the vendor did not test.',
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
          message: messageFor(image, before),
          hint: 'Remove one of the two entries.',
          position: image.position,
          related: [{ position: before.position, message: 'first listed here' }],
        };
    }
  },
};

function messageFor(image: ListedImage, first: ListedImage): string {
  const isSameSpelling = first.name === image.name && first.source === image.source;
  if (isSameSpelling) return `${image.name} is listed twice`;
  return `${image.name} is the same image as ${first.name}, spelled differently`;
}
