import { shardRun } from '@airgap/core';
import type { Command } from '@commander-js/extra-typings';
import { OBJECT_HELP, planOption, requiredPlan, shardOf, shardOption } from '../options/shard.ts';
import { renderShardRun } from '../render/shard.ts';
import { printJson, type Session, stdout } from '../session.ts';
import { runRemote, workerFlags } from './remote.ts';

const EXAMPLES = `
Examples:
  airgap shard run s3://releases/app.tar --plan sha256:DIGEST --shard 0
  JOB_COMPLETION_INDEX=3 airgap shard run s3://releases/app.tar --plan sha256:DIGEST

The worker that finishes last completes the object. A shard that has failed is run again: it uploads what is missing.
`;

export function shardRunCommand(command: Command, session: Session): void {
  workerFlags(command.description('Upload one shard of a plan').argument('<object>', OBJECT_HELP))
    .addOption(planOption)
    .addOption(shardOption)
    .addHelpText('after', EXAMPLES)
    .action(async (object, { plan, shard, ...flags }) => {
      const worker = {
        object,
        plan: requiredPlan(plan),
        shard: shardOf(shard, session.environment),
      };
      const result = await runRemote(session, [], flags, options => shardRun({ ...options, ...worker }));
      if (session.json) printJson(result, session);
      else stdout(renderShardRun(result), session);
    });
}
