import { describe, expect, it } from 'vitest';
import type { Descriptor } from '../oci/descriptor.ts';
import { digestOf } from '../oci/digest.ts';
import { MediaType } from '../oci/media-type.ts';
import type { ImageTarget } from '../store/image-target.ts';
import { updateReferrers } from './referrers-index.ts';

const subject = digestOf(Buffer.from('subject'));
const [one, two, other] = ['one', 'two', 'other'].map(
  (text): Descriptor => ({
    mediaType: MediaType.ociManifest,
    digest: digestOf(Buffer.from(text)),
    size: text.length,
  }),
) as [Descriptor, Descriptor, Descriptor];

/** A destination that lists this by its API and this under the fallback tag. @returns what was put there */
async function keep(
  api: Descriptor[] | undefined,
  tagged: Descriptor[] | undefined,
): Promise<Record<string, unknown>> {
  const put: Record<string, unknown> = {};
  const destination: Pick<ImageTarget, 'listReferrers' | 'readIndex' | 'putManifest'> = {
    listReferrers: async () => api,
    readIndex: async () => tagged,
    putManifest: async (name, { bytes }) => {
      put[name.toString()] = JSON.parse(Buffer.from(bytes).toString()).manifests;
    },
  };
  const referrals = [{ repository: 'team/app', subject, referrers: [one, two] }];
  await updateReferrers(destination as ImageTarget, 'registry.local', referrals);
  return put;
}

describe('the lists of referrers', () => {
  const tag = `registry.local/team/app:${subject.replace(':', '-')}`;
  it.each([
    ['are left to a registry that keeps them', [two, other, one], undefined, {}],
    ['are kept for a registry without the API', undefined, undefined, { [tag]: [one, two] }],
    ['are kept for a registry that answers, and lists nothing', [], undefined, { [tag]: [one, two] }],
    ['keep what others have put there', undefined, [other, one], { [tag]: [other, one, two] }],
    ['are left alone when nothing is missing', undefined, [two, one], {}],
  ])('%s', async (_what, api, tagged, expected) => {
    expect(await keep(api, tagged)).toEqual(expected);
  });
});
