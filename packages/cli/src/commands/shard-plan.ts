import { shardPlan } from '@airgap/core';
import type { Command } from '@commander-js/extra-typings';
import { lintOption } from '../options/display.ts';
import { lockedOption, referrersOption } from '../options/inputs.ts';
import { sourceDateEpoch } from '../options/parsers.ts';
import { requiredOutput } from '../options/required-output.ts';
import { shardsOption } from '../options/shard.ts';
import { partSizeOption } from '../options/transport.ts';
import { renderJob } from '../render/kubernetes-job.ts';
import { renderShardPlan } from '../render/shard.ts';
import { printJson, type Session, stdout } from '../session.ts';
import { version } from '../version.ts';
import { remoteFlags, runRemote } from './remote.ts';

const EXAMPLES = `
Examples:
  airgap shard plan app.yaml --shards 64 -o s3://releases/app.tar
  airgap shard plan app.yaml -o s3://releases/app.tar --json | jq -r .plan
  airgap shard plan app.yaml -o s3://releases/app.tar --kubernetes | kubectl apply -f -
`;

export function shardPlanCommand(command: Command, session: Session): void {
  remoteFlags(command.description('Plan a bundle for several workers, and start its upload'))
    .addOption(referrersOption)
    .addOption(lockedOption)
    .addOption(lintOption)
    .option('-o, --output <bundle>', 'object to build, as s3://bucket/key (required)')
    .addOption(shardsOption)
    .addOption(partSizeOption)
    .option('--strict', 'fail if the lint reports a warning or an error')
    .option('--kubernetes', 'print a Kubernetes Job that runs the shards')
    .addHelpText('after', EXAMPLES)
    .action(async (inputs, { output, shards, partSize, strict, kubernetes, ...flags }) => {
      const { sources: _, ...result } = await runRemote(session, inputs, flags, options =>
        shardPlan({
          ...options,
          output: requiredOutput(output, 's3://releases/app.tar'),
          shards,
          partSize,
          strict,
          sourceDateEpoch: sourceDateEpoch(session.environment.sourceDateEpoch),
        }),
      );
      if (kubernetes) stdout(renderJob(result, version()), session);
      else if (session.json) printJson(result, session);
      else stdout(renderShardPlan(result), session);
    });
}
