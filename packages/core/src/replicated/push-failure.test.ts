import { beforeAll, describe, expect, it } from 'vitest';
import {
  attestationOf,
  imageOf,
  indexOf,
  noiseOf,
  type TestImage,
} from '../../../../test/support/images/image.ts';
import { bundleOf, openBytes } from '../../../../test/support/memory-bundle.ts';
import { selectImages } from '../bundle/select.ts';
import { type ImageMapping, mapImages } from '../copy/image-mapping.ts';
import type { Layout } from '../layout/layout.ts';
import { AirgapError } from '../model/errors.ts';
import { explainFailure } from './push-failure.ts';

const layer = noiseOf(1, 2000);
const app = imageOf({ layers: [layer], steps: ['RUN apt-get install models'], compression: 'none' });
let layout: Layout;
let mappings: ImageMapping[];
let attested: TestImage;

beforeAll(async () => {
  attested = indexOf([app, await attestationOf(app)]);
  layout = await openBytes(await bundleOf({ 'team/app:1': attested }));
  const target = { registry: 'target.test', prefix: 'my-app' };
  mappings = mapImages(await selectImages(layout, undefined), { target, naming: 'kots' });
});

const explained = async (message: string, digest: string, code: AirgapError['code'] = 'REGISTRY') =>
  (await explainFailure(
    new AirgapError(code, message, { where: { digest }, hint: 'Try again later.' }),
    layout,
    mappings,
  )) as AirgapError;

describe('a failed push', () => {
  it('names the size, the image and the build step of the layer', async () =>
    expect(await explained('the registry answered 524', layer.diffId)).toMatchObject({
      message:
        'the registry answered 524 (2.0 kB in registry.test/team/app:1, made by "RUN apt-get install models")',
      hint: expect.stringContaining('Run the same command again'),
      where: { digest: layer.diffId },
    }));

  it('says that attestations may be why the registry answered 400', async () => {
    const error = await explained('the registry answered 400', attested.digest);
    expect(error.message).toContain('registry.test/team/app:1 has attestations');
    expect(error.hint).toContain('--drop-attestations');
  });

  it('of another image than the attested one stays as it is', async () =>
    expect(await explained('the registry answered 400', app.digest)).toMatchObject({
      hint: 'Try again later.',
    }));

  it('for another reason than the registry stays as it is', async () =>
    expect(await explained('the file changed', layer.diffId, 'CONTENT')).toMatchObject({
      message: 'the file changed',
    }));
});
