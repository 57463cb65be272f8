import { expect, it } from 'vitest';
import { renderImagesSection } from './images-section.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const locations = { app: 'my-app', registries: { hub: 'https://quay.io/v2' } };

it.each([
  ['an official image', 'docker.io/library/redis:3.10', '- name: redis\n  source: public\n  tag: "3.10"\n'],
  ['a public host', 'ghcr.io/a/b:1', '- name: ghcr.io/a/b\n  source: public\n  tag: "1"\n'],
  ['a port', 'host:5000/a:1', '- name: host:5000/a\n  source: public\n  tag: "1"\n'],
  [
    "the application's own",
    'registry.replicated.com/my-app/w:2',
    '- name: w\n  source: replicated\n  tag: "2"\n',
  ],
  [
    'another application',
    'registry.replicated.com/other/w:2',
    '- name: w\n  source: replicated\n  tag: "2"\n  # from another application\n',
  ],
  [
    'a digest without a tag',
    `quay.io/a/b@${DIGEST}`,
    `# quay.io/a/b@${DIGEST} has no tag; an images: entry cannot have a digest\n`,
  ],
  ['a third-party registry', 'quay.io/a/b:1', '- name: a/b\n  source: hub\n  tag: "1"\n'],
  [
    'a name that YAML would read as a number',
    'docker.io/library/1e3:1',
    '- name: "1e3"\n  source: public\n  tag: "1"\n',
  ],
])('%s', (_name, reference, text) =>
  expect(renderImagesSection([{ reference, listed: [], used: [] }], locations)).toBe(`images:\n${text}`),
);

it('recognises images of the Replicated registry without an application', () => {
  const reference = 'registry.replicated.com/shop/web:1';
  expect(renderImagesSection([{ reference, listed: [], used: [] }], {})).toContain(
    'name: web\n  source: replicated',
  );
});

it('adds a comment for a digest', () => {
  const reference = `docker.io/library/redis:1@${DIGEST}`;
  expect(renderImagesSection([{ reference, listed: [], used: [] }], {})).toContain(`# pinned to ${DIGEST}`);
});
