import { DeleteItemCommand, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { ITEM_KINDS } from '../../lambda/core/contract.ts';
import type { Clients } from '../aws/clients.ts';
import { agreed, type Finding, withAws } from '../aws/command.ts';
import { findDeployment, resourcesOf } from '../aws/deployment.ts';
import { BadInputError, type OpsContext } from '../context.ts';
import type { OperateFlags } from './flags.ts';

const KEY = { id: { S: ITEM_KINDS.pause } };

export function pause(this: OpsContext, flags: OperateFlags): Promise<void> {
  return withAws(this, 'pause', flags, async (clients, messages) => {
    const { stack, TableName } = await tableOf(clients, flags.stack);
    if (await isPaused(clients, TableName)) return ending(stack, true, false);
    await agreed(
      this,
      messages,
      [`Holds all re-runs of ${stack} from now on. What waits is not lost; events are still read.`],
      flags.yes,
    );
    await clients.dynamoDb.send(new PutItemCommand({ TableName, Item: KEY }));
    return ending(stack, true, true);
  });
}

export function resume(this: OpsContext, flags: OperateFlags): Promise<void> {
  return withAws(this, 'resume', flags, async (clients, messages) => {
    const { stack, TableName } = await tableOf(clients, flags.stack);
    if (!(await isPaused(clients, TableName))) return ending(stack, false, false);
    await agreed(
      this,
      messages,
      [`Lets all re-runs of ${stack} go on, at the rate that its bucket allows.`],
      flags.yes,
    );
    await clients.dynamoDb.send(new DeleteItemCommand({ TableName, Key: KEY }));
    return ending(stack, false, true);
  });
}

async function tableOf(clients: Clients, name: string | undefined) {
  const deployment = await findDeployment(clients, name);
  const [table] = resourcesOf(deployment, 'AWS::DynamoDB::Table');
  if (!table)
    throw new BadInputError(`${deployment.name}: found no state table, expected that of a stack of this app.`);
  return { stack: deployment.name, TableName: table.physicalId };
}

async function isPaused({ dynamoDb }: Clients, TableName: string): Promise<boolean> {
  return (await dynamoDb.send(new GetItemCommand({ TableName, Key: KEY, ConsistentRead: true }))).Item !== undefined;
}

function ending(stack: string, isHeld: boolean, hasChanged: boolean): Finding {
  const state = isHeld ? 'paused: ops resume ends it' : 'not paused';
  return {
    lines: [`${stack} is ${hasChanged ? '' : 'already '}${state}.`.replace('already not', 'not')],
    json: { stack, isPaused: isHeld, hasChanged },
  };
}
