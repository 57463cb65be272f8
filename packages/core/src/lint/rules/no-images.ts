import type { Rule } from '../rule-api/rule.ts';

/** An input without any image. */
export const noImages: Rule = {
  id: 'no-images',
  severity: 'warning',
  explanation:
    'The input names no image, so there is nothing to check and nothing to bundle. The usual cause is a wrong path or ' +
    'pattern in a pipeline, which would otherwise succeed forever without a check.',
  example: {
    found: `
apiVersion: v1
kind: Service
metadata:
  name: web
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
  *check({ spec }) {
    const { sources, listed, used, unread, parseErrors, renderErrors } = spec;
    const [first] = sources;
    const isEmpty = [listed, used, unread, parseErrors, renderErrors].every(({ length }) => length === 0);
    if (first === undefined || !isEmpty) return;
    const files = new Set(sources.map(({ file }) => file)).size;
    yield {
      message: `no image found in ${files} ${files === 1 ? 'file' : 'files'}`,
      hint: 'Check the paths, or name the image fields of custom kinds with --image-path.',
      position: { file: first.file, line: 1, column: 1 },
    };
  },
};
