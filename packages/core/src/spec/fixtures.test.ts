import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { images } from '../images.ts';
import { lint } from '../lint.ts';
import { formatPosition, type Position } from '../position.ts';

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

/** What the specs of a folder say, as a person would write it down. */
async function summary(folder: string) {
  const texts = readdirSync(folder).filter(name => /\.(yaml|txt)$/.test(name));
  const specs = texts.map(file => ({ file, text: readFileSync(`${folder}/${file}`, 'utf8') }));
  const found = await images({ specs, locations: LOCATIONS });
  const { findings } = await lint({ specs, locations: LOCATIONS });
  const at = (positions: readonly Position[]) => positions.map(formatPosition).join(' ');
  return {
    images: found.images.map(
      ({ reference, listed, used }) => `${reference} | listed ${at(listed)} | used ${at(used)}`,
    ),
    unknown: found.unknown.map(({ text, position }) => `${formatPosition(position)} ${text}`),
    findings: findings.map(
      ({ position, severity, rule, message }) =>
        `${formatPosition(position)} ${severity} ${rule}: ${message}`,
    ),
  };
}

describe('a fixture gives what a careful reader would list:', () => {
  it.each(readdirSync(FIXTURES))('%s', async name => {
    const folder = `${FIXTURES}${name}`;
    expect(await summary(folder)).toEqual(JSON.parse(readFileSync(`${folder}/expected.json`, 'utf8')));
  });
});

/** The samples are not part of the project: they are read where they are at hand. */
describe.skipIf(!existsSync(SAMPLES))('a sample parses, and has so many images and findings:', () => {
  it.each([
    ['replicated/guestbook-2018-07.yaml', 3, 0],
    ['replicated/guestbook-2018-12.yaml', 3, 0],
    ['replicated/lint-kubernetes.yaml', 0, 0],
    ['replicated/lint-native.yaml', 7, 0],
    ['replicated/lint-swarm.yaml', 6, 4],
    ['replicated/starter-kubernetes.yaml', 1, 0],
    ['kots-starter', 1, 1],
    ['kubernetes/online-boutique.yaml', 13, 0],
  ])('%s', async (name, count, problems) => {
    const locations = { ...LOCATIONS, app: 'k8shelpexample' };
    expect((await images({ specs: [`${SAMPLES}${name}`], locations })).images).toHaveLength(count);
    expect((await lint({ specs: [`${SAMPLES}${name}`], locations })).findings).toHaveLength(problems);
  });
});
