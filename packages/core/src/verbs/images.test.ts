import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { TimedEvent } from '../store/events.ts';
import { images } from './images.ts';
import { lint } from './lint.ts';

const word = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
const tag = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,8}$/),
  fc.constantFrom('3.10', '010', '1e3', 'null'),
);
const host = fc.constantFrom('quay.io', 'ghcr.io', 'registry.example.com:5000');
const image = fc.record({ host, team: word, name: word, tag });
const reference = ({ host, team, name, tag }: { host: string; team: string; name: string; tag: string }) =>
  `${host}/${team}/${name}:${tag}`;
const unique = fc.uniqueArray(image, { selector: reference, maxLength: 20 });

/** How each format names images; written in JSON, which is also YAML. */
const pod = (images: string[]) => ({
  containers: images.map((name, at) => ({ name: `c${at}`, image: name, resources: {} })),
});
const object = (apiVersion: string, kind: string, rest: object) =>
  JSON.stringify({ apiVersion, kind, metadata: { name: 'n' }, ...rest });
const workload = (kind: string) => (images: string[]) =>
  object('apps/v1', kind, { spec: { template: { spec: pod(images) } } });
const form = fc.constantFrom<(images: string[]) => string>(
  workload('Deployment'),
  workload('ReplicationController'),
  images => object('v1', 'PodTemplate', { template: { spec: pod(images) } }),
  images => object('v1', 'Pod', { spec: { initContainers: pod(images).containers, hostNetwork: true } }),
  images => object('v1', 'Pod', { spec: { volumes: images.map(one => ({ image: { reference: one } })) } }),
  images =>
    object('batch/v1', 'CronJob', { spec: { jobTemplate: { spec: { template: { spec: pod(images) } } } } }),
  images => object('v1', 'List', { items: images.map(one => JSON.parse(workload('Job')([one]))) }),
  images => object('kots.io/v1beta1', 'Application', { spec: { additionalImages: images } }),
  images =>
    object('troubleshoot.sh/v1beta2', 'Preflight', {
      spec: { collectors: images.map(one => ({ run: { image: one } })) },
    }),
  images =>
    `services:\n  none: {build: .}${images.map((one, at) => `\n  s${at}: {image: "${one}"}`).join('')}`,
);
const decoy = fc.constantFrom(
  () => object('v1', 'ConfigMap', { data: { image: 'quay.io/no/image:1' } }),
  () => '# image: quay.io/no/image:1',
  () => 'a: b: c',
);
const part = fc.oneof(fc.tuple(form, unique), fc.tuple(decoy, fc.constant([])));
const found = async (text: string) => (await images({ specs: [{ file: 'f', text }] })).images;

describe('images finds exactly the images of:', () => {
  property.prop([unique])('an images: section', async all => {
    const entries = all.map(one => `- name: ${one.host}/${one.team}/${one.name}\n  tag: "${one.tag}"\n`);
    const result = await found(`replicated_api_version: 2.8.0\nimages:\n${entries.join('')}`);
    expect(result.map(one => one.reference)).toEqual(all.map(reference));
    expect(result.flatMap(one => one.listed.map(({ line }) => line))).toEqual(
      all.map((_, index) => 3 + 2 * index),
    );
  });

  property.prop([unique])('pod specs, each in a document of its own', async all => {
    const pods = all.map(
      one => `---\napiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: ${reference(one)}\n`,
    );
    const result = await found(pods.join(''));
    expect(result.map(one => one.reference)).toEqual(all.map(reference));
    expect(result.flatMap(one => one.used.map(({ line }) => line))).toEqual(
      all.map((_, index) => 6 + 6 * index),
    );
  });

  property.prop([fc.array(part, { maxLength: 8 })])('documents of every format', async parts => {
    const texts = parts.map(([write, all]) => `---\n${write(all.map(reference))}\n`);
    const expected = parts.flatMap(([, all]) => all.map(reference));
    expect((await found(texts.join(''))).map(one => one.reference)).toEqual([...new Set(expected)]);
  });

  property.prop([unique])('a text list', async all => {
    const result = await found(all.map(one => `${reference(one)} # why\n`).join('\n'));
    expect(result.map(one => one.reference)).toEqual(all.map(reference));
  });
});

it('an image has all its positions', async () => {
  const text =
    'images:\n- name: a\n---\n{apiVersion: v1, kind: Pod, spec: {containers: [{image: "a:latest"}, {image: "{{x}}"}]}}';
  const result = await images({ specs: [{ file: 'f', text }] });
  expect(result.images).toMatchObject([
    { reference: 'docker.io/library/a:latest', listed: [{ line: 2 }], used: [{ line: 4 }] },
  ]);
  expect(result.templated).toMatchObject([{ text: '{{x}}', position: { line: 4 } }]);
});

it('lint reports each finding as an event with its time, and returns the sources', async () => {
  const specs = [{ file: 'f', text: 'images:\n- name: a' }];
  const events: TimedEvent[] = [];
  const before = Date.now();
  const result = await lint({ specs, onEvent: event => events.push(event) });
  expect(result).toMatchObject({ sources: specs, images: 1 });
  expect(events).toEqual(
    result.findings.map(finding => ({ time: expect.any(Number), type: 'finding', finding })),
  );
  expect(events).toHaveLength(1);
  expect(events[0]?.time).toBeGreaterThanOrEqual(before);
  expect(events[0]?.time).toBeLessThanOrEqual(Date.now());
});
