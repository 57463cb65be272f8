import { describe, expect, it } from 'vitest';
import type { Descriptor } from '../oci/descriptor.ts';
import { digestOf } from '../oci/digest.ts';
import { MediaType } from '../oci/media-type.ts';
import type { ReferrersTarget } from '../store/image-target.ts';
import { updateReferrers } from './referrers-index.ts';

const subject = digestOf(Buffer.from('subject'));
const one = descriptorOf('one');
const two = descriptorOf('two');
const other = descriptorOf('other');

function descriptorOf(text: string): Descriptor {
  return { mediaType: MediaType.ociManifest, digest: digestOf(Buffer.from(text)), size: text.length };
}

/**
 * Updates a target that lists `api` with the referrers API and `tagged` under the fallback tag.
 *
 * @returns the manifests put
 */
async function update(
  api: Descriptor[] | undefined,
  tagged: Descriptor[] | undefined,
): Promise<Record<string, unknown>> {
  const put: Record<string, unknown> = {};
  const target: Pick<ReferrersTarget, 'listReferrers' | 'readIndex' | 'putManifest'> = {
    listReferrers: async () => api,
    readIndex: async () => tagged,
    putManifest: async ({ bytes }, tag = '') => {
      put[tag] = JSON.parse(Buffer.from(bytes).toString()).manifests;
    },
  };
  const updates = [{ repository: 'team/app', subject, referrers: [one, two] }];
  await updateReferrers(() => target as ReferrersTarget, updates);
  return put;
}

describe('referrers', () => {
  const tag = subject.replace(':', '-');
  it.each([
    ['are not indexed when the registry lists them', [two, other, one], undefined, {}],
    ['are indexed for a registry without the API', undefined, undefined, { [tag]: [one, two] }],
    ['are indexed for a registry whose API lists nothing', [], undefined, { [tag]: [one, two] }],
    ['are added to an existing index', undefined, [other, one], { [tag]: [other, one, two] }],
    ['are not indexed again when none is missing', undefined, [two, one], {}],
  ])('%s', async (_what, api, tagged, expected) => {
    expect(await update(api, tagged)).toEqual(expected);
  });
});
