import { AirgapError } from '../model/errors.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { MultipartUpload } from './multipart-upload.ts';
import { ObjectStore, type ObjectStoreOptions } from './s3/object-store.ts';
import { formatObjectUrl } from './s3/object-url.ts';
import { buildFolder, listKeys, planFolder, readFile, removeKeys } from './shard-files.ts';
import { parsePlan } from './shard-plan.ts';

/** The files that a plan has, below the folder of all plans. */
const PLAN_FILE = /^[0-9a-f]{12}\/(?:plan\.json|head|done\.json|shard-\d{5}\.json)$/;

/**
 * Aborts the uploads of the plans for an object, and removes the files of these plans. A completed object stays.
 *
 * @param digest of the only plan that is meant; undefined for all of them
 * @returns the digests of the plans that had not been completed
 * @throws AirgapError `INPUT` or `CONTENT` for plans that cannot be read, after all others were aborted
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
  const failures: AirgapError[] = [];
  for (const [folder, files] of byFolder(keys)) {
    try {
      const plan = await abortUpload(store, `${folder}/plan.json`, digest);
      await removeKeys(store, files);
      if (plan) aborted.push(plan);
    } catch (error) {
      // One unreadable plan must not protect the others.
      if (!(error instanceof AirgapError) || !['INPUT', 'CONTENT'].includes(error.code)) throw error;
      failures.push(
        error.withContext({ path: formatObjectUrl({ ...store.url, key: `${folder}/plan.json` }) }),
      );
    }
  }
  if (failures.length > 0) throw AirgapError.all(failures, `${failures.length} plans cannot be read`);
  return aborted;
}

function byFolder(keys: readonly string[]): Map<string, string[]> {
  const folders = new Map<string, string[]>();
  for (const key of keys) {
    const folder = key.slice(0, key.lastIndexOf('/'));
    const files = folders.get(folder) ?? [];
    files.push(key);
    folders.set(folder, files);
  }
  return folders;
}

/** @returns the digest of the plan; undefined when it is not there: what remains needs no upload */
async function abortUpload(
  store: ObjectStore,
  key: string,
  digest: Digest | undefined,
): Promise<Digest | undefined> {
  const document = await readFile(store, key);
  if (document === undefined) return undefined;
  const plan = digest ?? digestOf(document);
  await new MultipartUpload(store, parsePlan(document, plan).upload).abort();
  return plan;
}
