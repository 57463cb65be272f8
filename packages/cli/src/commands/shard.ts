import type { Command } from '@commander-js/extra-typings';
import type { Session } from '../session.ts';
import { shardAbortCommand } from './shard-abort.ts';
import { shardFinishCommand } from './shard-finish.ts';
import { shardPlanCommand } from './shard-plan.ts';
import { shardRunCommand } from './shard-run.ts';

const EXAMPLES = `
Examples:
  airgap shard plan app.yaml --shards 64 -o s3://releases/app.tar
  airgap shard run s3://releases/app.tar --plan sha256:DIGEST --shard 0
  airgap shard finish s3://releases/app.tar --plan sha256:DIGEST
  airgap shard abort s3://releases/app.tar

Credentials, region and endpoint of the store are those of the AWS SDK: AWS_ACCESS_KEY_ID, AWS_PROFILE, AWS_REGION,
AWS_ENDPOINT_URL_S3, roles of containers and machines.
`;

export function shardCommand(command: Command, session: Session) {
  shardPlanCommand(command.command('plan'), session);
  shardRunCommand(command.command('run'), session);
  shardFinishCommand(command.command('finish'), session);
  shardAbortCommand(command.command('abort'), session);
  return command.addHelpText('after', EXAMPLES);
}
