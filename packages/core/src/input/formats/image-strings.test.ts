import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { imageOf, imagesIn, untaggedImage } from './image-strings.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const found = (text: string, isNamed = false) =>
  imagesIn(text, isNamed).map(({ reference, isFull }) => `${isFull ? 'full' : 'short'} ${reference}`);

describe('a text contains', () => {
  it.each<[string, string[]]>([
    ['quay.io/team/app:1', ['full quay.io/team/app:1']],
    [`quay.io/team/app@${DIGEST}`, [`full quay.io/team/app@${DIGEST}`]],
    [`quay.io/team/app:1@${DIGEST}`, [`full quay.io/team/app:1@${DIGEST}`]],
    ['registry:5000/app:1', ['full registry:5000/app:1']],
    ['10.0.0.1:5000/team/app:1', ['full 10.0.0.1:5000/team/app:1']],
    ['docker.io/redis:7', ['full docker.io/redis:7']],
    ['registry.k8s.io/pause:3.9', ['full registry.k8s.io/pause:3.9']],
    ['k8s.gcr.io/pause:3.9', ['full k8s.gcr.io/pause:3.9']],
    ['docker://quay.io/team/disk:1', ['full quay.io/team/disk:1']],
    ['--x=quay.io/a/b:1', ['full quay.io/a/b:1']],
    ['1=quay.io/a/b:1\n2=quay.io/a/b:2', ['full quay.io/a/b:1', 'full quay.io/a/b:2']],
    [
      'quay.io/a/b:1,quay.io/a/c:2; "quay.io/a/d:3"',
      ['full quay.io/a/b:1', 'full quay.io/a/c:2', 'full quay.io/a/d:3'],
    ],
    ['{image: quay.io/a/b:1}', ['full quay.io/a/b:1']],
    ['Runs quay.io/a/b:1.', ['full quay.io/a/b:1']],
    ['--x-image=team/app:1', ['short team/app:1']],
    ['"image": "redis:7"', ['short redis:7']],
    ['workerImage: team/app:1', ['short team/app:1']],
  ])('%s', (text, images) => expect(found(text)).toEqual(images));

  it.each([
    'team/app:1',
    'redis:7',
    'quay.io/team/app',
    'quay.io/team/App:1',
    'https://quay.io/team/app:1',
    'quay.io/team/app:{{ .Values.tag }}',
    'quay.io/team/app:{{.tag}}',
    `quay.io/team/app:$\{TAG}`,
    'quay.io/team/*:1',
    'node.kubernetes.io/not-ready:NoExecute',
    'node-role.kubernetes.io/master:NoSchedule-',
    'app.kubernetes.io/name:web',
    'sigs.k8s.io/yaml:v1',
    '/etc/app.d/file:ro',
    './data.d/x:/y',
    'v1.2/foo:bar',
    'arn:aws:iam::123:role/a.b/c:d',
    'quay.io/team/app@sha256:abc',
    'user@example.com/x:1',
    'the image is: localhost:8080',
    'image-endpoint=registry:5000',
    'image-host=registry.local:443',
    `image-digest=${DIGEST}`,
    'image-time=12:30',
    '',
    ':',
    '/:/:/',
  ])('no image: %s', text => expect(found(text)).toEqual([]));

  it('short names only if its key says so', () => {
    expect(found('a=team/app:1 b=redis:7', true)).toEqual(['short team/app:1', 'short redis:7']);
    expect(found(`team/app@${DIGEST}`, true)).toEqual([`short team/app@${DIGEST}`]);
  });
});

it.each([
  ['team/app', 'team/app'],
  ['quay.io/team/app', 'quay.io/team/app'],
  ['images/logo.png', undefined],
  ['redis', undefined],
  ['https://quay.io/x', undefined],
  ['a b/c', undefined],
])('an untagged image field: %s', (text, expected) => expect(untaggedImage(text)?.reference).toBe(expected));

const label = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
const name = fc.tuple(label, label, label).map(([host, team, app]) => `${host}.io/${team}/${app}`);
const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,10}[A-Za-z0-9]$/);

property.prop([
  fc.array(fc.tuple(name, tag), { maxLength: 5 }),
  fc.constantFrom(' ', ',', '\n', ';', '" "', "','"),
])('every full name in a list is found, in order', (images, separator) => {
  const references = images.map(([path, version]) => `${path}:${version}`);
  const expected = references.filter(reference => !/:(?:PreferNo|No)(?:Schedule|Execute)$/.test(reference));
  expect(imagesIn(references.join(separator), false).map(({ reference }) => reference)).toEqual(expected);
});

property.prop([fc.string({ unit: fc.constantFrom(...'ab1./:@-_{}$=," \n') })])(
  'what is found is part of the text and is itself an image',
  text => {
    for (const { reference } of imagesIn(text, true)) {
      expect(text).toContain(reference);
      expect(imageOf(reference, true)?.reference).toBe(reference);
    }
  },
);

it.each([
  'a.b/',
  'a:',
  'a.b/c:',
  'image',
  'image-',
  'image: ',
  '.',
  '-',
  '{',
  ':',
  '@sha256:',
  'a.b/c:d@',
  'image=image=',
  'a.b/c:{',
  'quay.io/A/b:1 ',
  'a..b/c:d ',
])('100 kB of %j take less than a second', text => {
  const started = performance.now();
  imagesIn(text.repeat(100_000 / text.length), true);
  expect(performance.now() - started).toBeLessThan(1000);
});
