import { shardFinish } from '@airgap/core';
import type { Command } from '@commander-js/extra-typings';
import { connectionFlags, remoteOptions } from '../options/connection.ts';
import { jsonOption } from '../options/display.ts';
import { OBJECT_HELP, planOption, requiredPlan } from '../options/shard.ts';
import { renderShardFinish } from '../render/shard.ts';
import { printJson, type Session, stdout } from '../session.ts';

const EXAMPLES = `
Examples:
  airgap shard finish s3://releases/app.tar --plan sha256:DIGEST

The last worker does this by itself. It is needed only if that worker could not.
`;

export function shardFinishCommand(command: Command, session: Session): void {
  connectionFlags(
    command.description('Complete the object of finished shards').argument('<object>', OBJECT_HELP),
  )
    .addOption(planOption)
    .addOption(jsonOption)
    .addHelpText('after', EXAMPLES)
    .action(async (object, { plan, json, ...flags }) => {
      session.json = json === true;
      const options = await remoteOptions(flags, session.environment);
      const { signal } = session;
      const result = await shardFinish({ ...options, object, plan: requiredPlan(plan), signal });
      if (session.json) printJson(result, session);
      else stdout(renderShardFinish(result), session);
    });
}
