import { z } from 'zod';
import { AirgapError } from '../model/errors.ts';
import { parseJson } from '../model/parse-json.ts';
import type { Digest } from '../oci/digest.ts';
import type { SentPart } from './multipart-upload.ts';
import { MAX_PARTS } from './upload-tasks.ts';

/** What a worker has uploaded of a shard. It is rewritten after each task. */
export interface ShardReport {
  /** The digest of the plan. */
  readonly plan: Digest;
  readonly isFinished: boolean;
  readonly parts: readonly SentPart[];
}

const reportSchema = z.strictObject({
  plan: z.string(),
  finished: z.boolean(),
  parts: z.array(z.tuple([z.int().min(1).max(MAX_PARTS), z.string().min(1).max(1000)])).max(MAX_PARTS),
});

/** The name of the report of a shard, counted from 0. */
export function reportName(shard: number): string {
  return `shard-${String(shard).padStart(5, '0')}.json`;
}

/** Whether a file of a plan is a report. */
export function isReportName(name: string): boolean {
  return /^shard-\d{5}\.json$/.test(name);
}

export function formatReport({ plan, isFinished, parts }: ShardReport): Buffer {
  const content = { plan, finished: isFinished, parts: parts.map(({ number, etag }) => [number, etag]) };
  return Buffer.from(JSON.stringify(content));
}

/** @param plan the digest of the plan that it must be about. @throws AirgapError `INPUT` */
export function parseReport(bytes: Uint8Array, plan: Digest, shard: number): ShardReport {
  const parsed = reportSchema.safeParse(parseJson(bytes));
  if (!parsed.success || parsed.data.plan !== plan)
    throw new AirgapError('INPUT', `invalid report of shard ${shard}: ${reportName(shard)}`, {
      hint: 'Check who can write to the bucket, remove the report, and run the shard again.',
    });
  const { finished, parts } = parsed.data;
  return { plan, isFinished: finished, parts: parts.map(([number, etag]) => ({ number, etag })) };
}
