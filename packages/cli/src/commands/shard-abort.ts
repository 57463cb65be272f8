import { shardAbort } from '@airgap/core';
import { type Command, Option } from '@commander-js/extra-typings';
import { connectionFlags, remoteOptions } from '../options/connection.ts';
import { jsonOption } from '../options/display.ts';
import { OBJECT_HELP } from '../options/shard.ts';
import { renderShardAbort } from '../render/shard.ts';
import { printJson, type Session, stdout } from '../session.ts';

const EXAMPLES = `
Examples:
  airgap shard abort s3://releases/app.tar
  airgap shard abort s3://releases/app.tar --plan sha256:DIGEST
`;

const planOption = new Option('--plan <digest>', 'abort only this plan (default: all plans for the object)');

export function shardAbortCommand(command: Command, session: Session): void {
  connectionFlags(
    command.description('Abort plans: remove their parts and files').argument('<object>', OBJECT_HELP),
  )
    .addOption(planOption)
    .addOption(jsonOption)
    .addHelpText('after', EXAMPLES)
    .action(async (object, { plan, json, ...flags }) => {
      session.json = json === true;
      const options = await remoteOptions(flags, session.environment);
      const result = await shardAbort({ ...options, object, plan, signal: session.signal });
      if (session.json) printJson(result, session);
      else stdout(renderShardAbort(result), session);
    });
}
