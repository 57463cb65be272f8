import type { BundlePlan } from '../bundle/entry-content.ts';
import type { SentPart } from './multipart-upload.ts';
import type { NewUpload } from './new-upload.ts';
import { type UploadOptions, uploadTasks } from './upload-bundle.ts';
import { cutTasks, partSizeFor } from './upload-tasks.ts';

export { NewUpload } from './new-upload.ts';

export interface UploadObjectOptions extends Omit<UploadOptions, 'onTask'> {
  /** The size of the parts, in bytes; by default it follows from that of the bundle. */
  readonly partSize?: number | undefined;
}

/**
 * Uploads a planned bundle to an object store, without a file in between. The object appears, or replaces an older one,
 * only with the last step.
 *
 * @throws AirgapError `CONTENT`, and what the sources and the store throw
 */
export async function uploadObject(
  started: NewUpload,
  plan: BundlePlan,
  { partSize = partSizeFor(plan.size), ...options }: UploadObjectOptions,
): Promise<void> {
  const sent: SentPart[] = [];
  await uploadTasks(started.upload, plan, cutTasks(plan, partSize), {
    ...options,
    onTask: async (_task, parts) => void sent.push(...parts),
  });
  options.signal.throwIfAborted();
  options.onEvent?.({ type: 'phase', phase: 'finish' });
  await started.upload.complete(sent, plan.size);
  started.keep();
}
