import { z } from 'zod';
import { isTag } from '../reference/reference.ts';
import { MemorySink } from '../store/blob-writer.ts';
import type { RegistryHost } from './host.ts';

/** The size limit of a list, in bytes. */
const MAX_LIST = 1024 * 1024;
/** Tags that one request asks for. */
const MAX_TAGS = 1000;

const listSchema = z.looseObject({ tags: z.array(z.string()) });

/**
 * Lists tags of a repository (distribution-spec, "Listing tags"): the first page, in one attempt. It only helps to
 * explain an error, so whatever fails is no tags.
 */
export async function listTags(host: RegistryHost, repository: string): Promise<readonly string[]> {
  try {
    const sink = new MemorySink(MAX_LIST);
    const path = `tags/list?n=${MAX_TAGS}`;
    const response = await host.send({ method: 'GET', repository, path }, () => sink);
    if (response.status !== 200) return [];
    return listSchema.parse(JSON.parse(sink.bytes.toString('utf8'))).tags.filter(isTag);
  } catch {
    return [];
  }
}
