import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../config/config.ts';
import { formatPosition as format, type Position } from '../model/position.ts';
import { type ImagesOptions, images } from '../verbs/images.ts';
import { lint } from '../verbs/lint.ts';
import { render } from './render/renderer.ts';

const FIXTURES = fileURLToPath(new URL('../../../../fixtures/', import.meta.url));
const SAMPLES = fileURLToPath(new URL('../../../../../shared/samples/', import.meta.url));
const LOCATIONS = {
  app: 'shop',
  registries: {
    hub: 'index.docker.io',
    quay: 'https://quay.io/shop',
    dockerhub: 'index.docker.io',
    'quay.io': 'quay.io',
  },
};

const CONFIG = 'airgap.yaml';
/** Options of the verbs; paths are relative to the folder of the fixture. */
const OPTIONS = 'options.json';
const NOT_INPUT = ['expected.json', CONFIG, OPTIONS];

/** The programs that render a file of a fixture; one of each list is enough. */
const PROGRAMS: readonly [file: RegExp, programs: readonly string[]][] = [
  [/^Chart\.yaml$/, ['helm']],
  [/^kustomization\.ya?ml$/, ['kustomize', 'kubectl']],
];

/** The reason to skip a fixture: none of its programs is installed. */
async function missing(folder: string): Promise<string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(path => basename(path));
  for (const [file, programs] of PROGRAMS) {
    if (!names.some(name => file.test(name))) continue;
    const outputs = await Promise.all(programs.map(program => render(program, ['help'])));
    if (outputs.every(output => output === undefined)) return `${programs.join(' or ')} not installed`;
  }
  return '';
}

/** The options of a fixture. */
function optionsOf(folder: string): Pick<ImagesOptions, 'helm' | 'compose' | 'exclude' | 'includeUnread'> {
  const file = `${folder}/${OPTIONS}`;
  if (!existsSync(file)) return {};
  const { helm, compose, ...others } = JSON.parse(readFileSync(file, 'utf8'));
  const inside = (names: readonly string[] = []) => names.map(name => `${folder}/${name}`);
  return {
    ...others,
    helm: helm && { ...helm, values: inside(helm.values) },
    compose: compose && { ...compose, envFiles: compose.envFiles && inside(compose.envFiles) },
  };
}

function imagePaths(folder: string) {
  const file = `${folder}/${CONFIG}`;
  return existsSync(file) ? parseConfig({ file, text: readFileSync(file, 'utf8') }).imagePaths : undefined;
}

/** Summarises the images and findings of a folder. */
async function summary(folder: string) {
  const names = readdirSync(folder).filter(name => !NOT_INPUT.includes(name));
  const specs = names.map(name => `${folder}/${name}`);
  const options = { specs, locations: LOCATIONS, imagePaths: imagePaths(folder), ...optionsOf(folder) };
  const found = await images(options);
  const { findings } = await lint(options);
  const formatPosition = (position: Position) => format(position).replace(`${folder}/`, '');
  const at = (positions: readonly Position[]) => positions.map(formatPosition).join(' ');
  return {
    images: found.images.map(
      ({ reference, listed, used }) => `${reference} | listed ${at(listed)} | used ${at(used)}`,
    ),
    templated: found.templated.map(({ text, position }) => `${formatPosition(position)} ${text}`),
    findings: findings.map(
      ({ position, severity, rule, message }) =>
        `${formatPosition(position)} ${severity} ${rule}: ${message}`,
    ),
  };
}

describe('a fixture yields its expected images and findings:', () => {
  it.for(readdirSync(FIXTURES))('%s', async (name, { skip }) => {
    const folder = `${FIXTURES}${name}`;
    const reason = await missing(folder);
    if (reason) skip(reason);
    expect(await summary(folder)).toEqual(JSON.parse(readFileSync(`${folder}/expected.json`, 'utf8')));
  });
});

const BOUTIQUE = 'us-central1-docker.pkg.dev/online-boutique-ci/microservices-demo';
const GUESTBOOK = [
  'registry.replicated.com/k8shelpexample/redis:e2e',
  'docker.io/replicated/examples:redisreplica-v1',
  'gcr.io/google-samples/gb-frontend:v4',
];

/** The samples are not part of the project; without them these tests are skipped. */
describe.skipIf(!existsSync(SAMPLES))('a sample yields the images found by hand:', () => {
  it.each<[name: string, references: string[], findings: string[]]>([
    ['replicated/guestbook-2018-07.yaml', GUESTBOOK, ['98 missing-pull-secret']],
    ['replicated/guestbook-2018-12.yaml', GUESTBOOK, []],
    ['replicated/lint-kubernetes.yaml', [], ['1 no-images']],
    [
      'replicated/lint-native.yaml',
      [
        'docker.io/library/redis:latest',
        'registry.replicated.com/k8shelpexample/alpine:latest',
        'quay.io/wlaoh/nginx:latest',
        'docker.io/wlaoh/counter:signed',
        'registry.replicated.com/k8shelpexample/statser:signed',
        'docker.io/library/busybox:1.26.2',
        'docker.io/library/debian:stretch',
      ],
      [],
    ],
    [
      'replicated/lint-swarm.yaml',
      [
        'docker.io/library/redis:3.2-alpine',
        'registry.replicated.com/k8shelpexample/statser:latest',
        'docker.io/library/postgres:9.4',
        'registry.replicated.com/k8shelpexample/example-voting-app-vote:latest',
        'docker.io/gaiadocker/example-voting-app-result:latest',
        'docker.io/gaiadocker/example-voting-app-worker:latest',
      ],
      ['199 latest-tag', '205 latest-tag', '208 latest-tag', '211 latest-tag'],
    ],
    ['replicated/starter-kubernetes.yaml', ['k8s.gcr.io/echoserver:1.4'], []],
    ['kots-starter', ['docker.io/library/nginx:latest'], ['21 latest-tag']],
    [
      'kubernetes/online-boutique.yaml',
      [
        `${BOUTIQUE}/frontend:v0.10.6`,
        `${BOUTIQUE}/adservice:v0.10.6`,
        `${BOUTIQUE}/currencyservice:v0.10.6`,
        `${BOUTIQUE}/cartservice:v0.10.6`,
        'docker.io/library/redis:alpine',
        `${BOUTIQUE}/loadgenerator:v0.10.6`,
        'docker.io/library/busybox:1.38.0@sha256:fd8d9aa63ba2f0982b5304e1ee8d3b90a210bc1ffb5314d980eb6962f1a9715d',
        `${BOUTIQUE}/recommendationservice:v0.10.6`,
        `${BOUTIQUE}/checkoutservice:v0.10.6`,
        `${BOUTIQUE}/emailservice:v0.10.6`,
        `${BOUTIQUE}/paymentservice:v0.10.6`,
        `${BOUTIQUE}/shippingservice:v0.10.6`,
        `${BOUTIQUE}/productcatalogservice:v0.10.6`,
      ],
      ['494 tag-and-digest'],
    ],
  ])('%s', async (name, references, problems) => {
    const options = {
      specs: [`${SAMPLES}${name}`],
      locations: { ...LOCATIONS, app: 'k8shelpexample' },
    };
    expect((await images(options)).images.map(({ reference }) => reference)).toEqual(references);
    const { findings } = await lint(options);
    expect(findings.map(({ position, rule }) => `${position.line} ${rule}`)).toEqual(problems);
  });
});
