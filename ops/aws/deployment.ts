import {
  DescribeStacksCommand,
  type DescribeStacksOutput,
  GetTemplateCommand,
  ListStackResourcesCommand,
  type ListStackResourcesOutput,
  type Stack,
} from '@aws-sdk/client-cloudformation';
import { parseJson } from '../../lambda/core/json.ts';
import { type Settings, settingsSchema } from '../../lambda/core/settings.ts';
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

/** Outputs that only this stack has together: a stack of somebody else's app, with the construct in it, has no tag. */
const SIGNATURE = ['RerunStateMachine', 'SweepStateMachine', 'IntakeQueue'];
const SETTINGS_METADATA_KEY = 'ecs-throttle-remediation:settings';

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
  const outputs = new Map(
    (stack.Outputs ?? []).map(({ OutputKey, OutputValue }) => [`${OutputKey}`, `${OutputValue}`]),
  );
  const resources: Resource[] = [];
  do {
    const page: ListStackResourcesOutput = await cloudFormation.send(
      new ListStackResourcesCommand({ StackName: stack.StackName, NextToken }),
    );
    for (const { LogicalResourceId, PhysicalResourceId, ResourceType } of page.StackResourceSummaries ?? []) {
      resources.push({
        logicalId: `${LogicalResourceId}`,
        physicalId: PhysicalResourceId ?? '',
        type: `${ResourceType}`,
      });
    }
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return { name: stack.StackName ?? '', account, region, outputs, resources };
}

const isOurs = ({ Tags = [], Outputs = [], StackStatus }: Stack): boolean => {
  if (StackStatus === 'DELETE_COMPLETE' || StackStatus === 'REVIEW_IN_PROGRESS') return false;
  const keys = Outputs.map(({ OutputKey }) => OutputKey);
  return Tags.some(({ Key }) => Key === STACK_TAG.key) || SIGNATURE.every((key) => keys.includes(key));
};

/** What the stack's functions are set to, as the template shows it; undefined where that cannot be read. */
export async function settingsOf({ cloudFormation }: Clients, { name }: Deployment): Promise<Settings | undefined> {
  try {
    const { TemplateBody } = await cloudFormation.send(
      new GetTemplateCommand({ StackName: name, TemplateStage: 'Processed' }),
    );
    const template = parseJson(TemplateBody ?? '') as {
      Resources?: Record<string, { Metadata?: Record<string, unknown> }>;
    };
    const all = Object.values(template?.Resources ?? {}).map(({ Metadata }) => Metadata?.[SETTINGS_METADATA_KEY]);
    return settingsSchema.safeParse(all.find((settings) => settings !== undefined)).data;
  } catch {
    return undefined;
  }
}

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
