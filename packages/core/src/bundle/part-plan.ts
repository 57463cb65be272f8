import type { BlobOrder } from '../layout/blob-order.ts';
import { formatBytes } from '../model/bytes.ts';
import { AirgapError } from '../model/errors.ts';
import { MAX_PARTS, partCount } from '../tar/parts.ts';
import type { TarPlan } from '../tar/plan.ts';

/**
 * Checks that a tar can be split into parts of this size: the first one must hold the documents and the manifests,
 * because they lead to all others.
 *
 * @throws AirgapError `USAGE`
 */
export function checkParts({ entries, size }: TarPlan, order: BlobOrder, partSize: number): void {
  const head = entries.findLast(({ name }) => ['document', 'manifest'].includes(order.kindOf(name)));
  const headSize = head ? head.offset + head.size : 0;
  const count = partCount(size, partSize);
  const usage = (message: string, least: number) =>
    new AirgapError('USAGE', message, { hint: `Use parts of at least ${formatBytes(least)}.` });
  if (headSize > partSize)
    throw usage(`the first part must hold the ${formatBytes(headSize)} of documents and manifests`, headSize);
  if (count > MAX_PARTS)
    throw usage(
      `the bundle would have ${count} parts, the limit is ${MAX_PARTS}`,
      Math.ceil(size / MAX_PARTS),
    );
}
