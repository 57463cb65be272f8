import { describe, expect, it } from 'vitest';
import { airgap, Workplace } from './airgap.ts';

/** Deployments of two containers each, as large as they usually are. */
function deployments(count: number): string {
  const one = (at: number) => `---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-${at}
spec:
  selector: {matchLabels: {app: web-${at}}}
  template:
    metadata: {labels: {app: web-${at}}}
    spec:
      containers:
      - name: web
        image: quay.io/team/web-${at}:1.${at}
        env:
        - {name: A, value: "1"}
        - name: B
          valueFrom: {secretKeyRef: {name: b, key: b}}
      - name: side
        image: quay.io/team/side:2
        resources:
          limits: {memory: 256Mi, cpu: 500m}
`;
  return Array.from({ length: count }, (_, at) => one(at)).join('');
}

function list(count: number): string {
  const entries = Array.from(
    { length: count },
    (_, at) => `- name: quay.io/team/web-${at}\n  tag: "1.${at}"\n`,
  );
  return `images:\n${entries.join('')}- name: quay.io/team/side\n  tag: "2"\n`;
}

/** Lints so many documents, with so many megabytes of heap. Returns milliseconds. */
async function lint(count: number, heap: number): Promise<number> {
  using place = new Workplace({ 'app.yaml': list(count), 'web.yaml': deployments(count) });
  const began = performance.now();
  const env = { NODE_OPTIONS: `--max-old-space-size=${heap}` };
  const { status, stdout } = await airgap(['lint', place.path], { env });
  expect(stdout.toString()).toBe(`0 errors, 0 warnings in ${3 * count + 1} images\n`);
  expect(status).toBe(0);
  return performance.now() - began;
}

describe('many documents', () => {
  it('5,000 need little memory', () => lint(5000, 150));

  it('take time in proportion', async () => {
    const few = await lint(2000, 150);
    // Quadratic work would take sixteen times as long.
    expect(await lint(8000, 150)).toBeLessThan(8 * few);
  });
});

describe('a file of 50 MB', () => {
  it.each([
    ['an open bracket', '['],
    ['items', '- a\n'],
    ['blank lines', '\n'],
    ['one value', 'a'],
    ['an open quote', '"\\n'],
    ['NUL', '\0'],
  ])('of %s has an end within a gigabyte', async (_name, piece) => {
    using place = new Workplace({ 'a.yaml': piece.repeat(50e6 / piece.length) });
    const env = { NODE_OPTIONS: '--max-old-space-size=1000' };
    const { status, stderr } = await airgap(['images', place.path], { env });
    expect([0, 1]).toContain(status);
    expect(stderr.length).toBeLessThan(2000);
  });
});
