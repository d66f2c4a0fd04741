import {
  DescribeStacksCommand,
  type DescribeStacksOutput,
  ListStackResourcesCommand,
  type ListStackResourcesOutput,
  type Stack,
} from '@aws-sdk/client-cloudformation';
import { STACK_TAG } from '../../lib/config/stack-tag.ts';
import { BadInputError } from '../context.ts';
import type { Clients } from './clients.ts';

/** A resource of the stack. */
export interface Resource {
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
}

/** The stack as it is deployed. */
export interface Deployment {
  readonly name: string;
  readonly account: string;
  readonly region: string;
  readonly outputs: ReadonlyMap<string, string>;
  readonly resources: readonly Resource[];
}

/**
 * An output that only this stack has. In a stack of somebody else's, with the construct in it, there is no tag, and logical ids begin with
 * the construct's own: `RemediationRerunStateMachineF2DA8772`.
 */
const SIGNATURE = /^(?<prefix>\w*)RerunStateMachine(?:[0-9A-F]{8})?$/;

/** Finds the stack: by its name, else the only one that is deployed. */
export async function findDeployment({ cloudFormation }: Clients, name: string | undefined): Promise<Deployment> {
  const found: Stack[] = [];
  let NextToken: string | undefined;
  do {
    const page: DescribeStacksOutput = await cloudFormation.send(
      new DescribeStacksCommand({ ...(name !== undefined && { StackName: name }), NextToken }),
    );
    found.push(...(page.Stacks ?? []).filter((stack) => name !== undefined || isOurs(stack)));
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  const [stack, ...others] = found;
  if (!stack || others.length > 0) {
    const names = found.map(({ StackName }) => StackName).join(', ');
    throw new BadInputError(
      `found ${found.length === 0 ? 'no stack of this app' : `the stacks ${names}`} in this account and Region, expected one. Name it with --stack, and look at --region and --profile.`,
    );
  }
  const [, , , region = '', account = ''] = (stack.StackId ?? '').split(':');
  const prefix = prefixIn(stack) ?? '';
  const outputs = new Map(
    (stack.Outputs ?? []).map(({ OutputKey, OutputValue }) => [outputName(`${OutputKey}`, prefix), `${OutputValue}`]),
  );
  const resources: Resource[] = [];
  do {
    const page: ListStackResourcesOutput = await cloudFormation.send(
      new ListStackResourcesCommand({ StackName: stack.StackName, NextToken }),
    );
    for (const { LogicalResourceId, PhysicalResourceId, ResourceType } of page.StackResourceSummaries ?? []) {
      const logicalId = `${LogicalResourceId}`;
      // The rest is the app's own.
      if (!logicalId.startsWith(prefix)) continue;
      resources.push({
        logicalId: logicalId.slice(prefix.length),
        physicalId: PhysicalResourceId ?? '',
        type: `${ResourceType}`,
      });
    }
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return { name: stack.StackName ?? '', account, region, outputs, resources };
}

const isOurs = (stack: Stack): boolean => {
  const { Tags = [], StackStatus } = stack;
  if (StackStatus === 'DELETE_COMPLETE' || StackStatus === 'REVIEW_IN_PROGRESS') return false;
  return Tags.some(({ Key }) => Key === STACK_TAG.key) || prefixIn(stack) !== undefined;
};

/** What the logical ids of the construct begin with; undefined where it is not there. */
function prefixIn({ Outputs = [] }: Stack): string | undefined {
  for (const { OutputKey = '' } of Outputs) {
    const prefix = SIGNATURE.exec(OutputKey)?.groups?.prefix;
    if (prefix !== undefined) return prefix;
  }
  return undefined;
}

/** The name of an output without what the construct's place adds to it. */
const outputName = (key: string, prefix: string): string =>
  prefix !== '' && key.startsWith(prefix) ? key.slice(prefix.length).replace(/[0-9A-F]{8}$/, '') : key;

/** An output of the stack, which it has in every version. */
export function output({ outputs, name }: Deployment, key: string): string {
  const value = outputs.get(key);
  if (value === undefined)
    throw new BadInputError(`${name}: found no output ${key}, expected that of a stack of this app.`);
  return value;
}

/** Resources of a type whose logical id begins so. */
export const resourcesOf = ({ resources }: Deployment, type: string, beginning = ''): Resource[] =>
  resources.filter((resource) => resource.type === type && resource.logicalId.startsWith(beginning));
