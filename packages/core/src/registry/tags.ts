import { z } from 'zod';
import { AirgapError, isInterrupted } from '../model/errors.ts';
import { MemorySink } from '../store/blob-writer.ts';
import type { RepositoryTags } from '../store/image-source.ts';
import type { RegistryHost } from './host.ts';
import { nextPage } from './next-page.ts';
import { isMissingRepository } from './push-error.ts';

/** The tags of one page, and the limits of a list: pages and bytes. */
const PAGE_SIZE = 1000;
const MAX_PAGES = 10;
const MAX_BYTES = 1024 * 1024;

const TAG = /^\w[\w.-]{0,127}$/;
const pageSchema = z.object({ tags: z.array(z.string()).nullish() });

/**
 * Lists the tags of a repository (distribution-spec, "Listing Tags"), once for each host and repository. It makes a
 * message better, so it never fails.
 *
 * @returns undefined when the registry does not list them
 */
export function listTags(host: RegistryHost, repository: string): Promise<RepositoryTags | undefined> {
  const known = host.tags.get(repository);
  if (known !== undefined) return known;
  const listing = readPages(host, repository).catch(error => {
    if (isInterrupted(error)) throw error;
    return undefined;
  });
  host.tags.set(repository, listing);
  return listing;
}

async function readPages(host: RegistryHost, repository: string): Promise<RepositoryTags | undefined> {
  const where = { host: host.endpoint.host };
  const tags: string[] = [];
  let path: string | URL | undefined = `tags/list?n=${PAGE_SIZE}`;
  let remaining = MAX_BYTES;
  for (let page = 0; path !== undefined && page < MAX_PAGES && remaining > 0; page += 1) {
    const sink = new MemorySink(remaining);
    const response = await host.send({ method: 'GET', repository, path }, () => sink);
    if (isMissingRepository(response) && page === 0) return 'unknown repository';
    if (response.status !== 200) return undefined;
    remaining -= sink.bytes.length;
    tags.push(...parsePage(sink.bytes));
    path = nextPage(response, 'the list of tags', where);
  }
  return tags;
}

/** Returns the tags of one page, without those that are invalid. */
function parsePage(bytes: Buffer): string[] {
  const page = pageSchema.safeParse(JSON.parse(bytes.toString('utf8')));
  if (!page.success) throw new AirgapError('REGISTRY', 'the list of tags is invalid');
  return (page.data.tags ?? []).filter(tag => TAG.test(tag));
}
