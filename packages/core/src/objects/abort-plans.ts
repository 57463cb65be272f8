import { type Digest, digestOf } from '../oci/digest.ts';
import { MultipartUpload } from './multipart-upload.ts';
import { ObjectStore, type ObjectStoreOptions } from './s3/object-store.ts';
import { buildFolder, listKeys, planFolder, readFile, removeKeys } from './shard-files.ts';
import { parsePlan } from './shard-plan.ts';

/** The files that a plan has, below the folder of all plans. */
const PLAN_FILE = /^[0-9a-f]{12}\/(?:plan\.json|head|done\.json|shard-\d{5}\.json)$/;

/**
 * Aborts the uploads of the plans for an object, and removes the files of these plans. A completed object stays.
 *
 * @param digest of the only plan that is meant; undefined for all of them
 * @returns the digests of the plans that had not been completed
 */
export async function abortPlans(
  location: string,
  digest: Digest | undefined,
  options: ObjectStoreOptions,
): Promise<Digest[]> {
  await using store = await ObjectStore.open(location, options);
  const { key } = store.url;
  const found = await listKeys(store, digest === undefined ? buildFolder(key) : planFolder(key, digest));
  const keys = found.filter(name => PLAN_FILE.test(name.slice(buildFolder(key).length)));
  const aborted: Digest[] = [];
  for (const name of keys.filter(other => other.endsWith('/plan.json'))) {
    const document = await readFile(store, name);
    if (document === undefined) continue;
    const plan = digest ?? digestOf(document);
    await new MultipartUpload(store, parsePlan(document, plan).upload).abort();
    aborted.push(plan);
  }
  await removeKeys(store, keys);
  return aborted;
}
