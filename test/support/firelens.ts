import { Stack, type StackProps } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { ContainerImage, FargateTaskDefinition } from 'aws-cdk-lib/aws-ecs';
import { Key } from 'aws-cdk-lib/aws-kms';
import { LogDeliveryAlarms, PerTaskFireLens, type PerTaskFireLensProps } from '../../lib/index.ts';
import { type Json, plainApp } from './stacks.ts';

const image = ContainerImage.fromRegistry('app');

export interface Logging {
  readonly fireLens?: Omit<PerTaskFireLensProps, 'taskDefinition'>;
  readonly options?: Record<string, string>;
  readonly stack?: StackProps;
  readonly withKey?: boolean;
}

/** A stack with one task definition of two containers that log through FireLens, and alarms on its router. */
export function logging({ fireLens: props, options, stack: stackProps, withKey }: Logging = {}) {
  const stack = new Stack(plainApp(), 'Stack', stackProps);
  const encryptionKey = withKey ? new Key(stack, 'Key') : undefined;
  const taskDefinition = new FargateTaskDefinition(stack, 'Task', { cpu: 256, memoryLimitMiB: 512 });
  const fireLens = new PerTaskFireLens(stack, 'FireLens', {
    taskDefinition,
    ...props,
    ...(encryptionKey && { encryptionKey }),
  });
  taskDefinition.addContainer('app', { image, logging: fireLens.logDriver(options) });
  taskDefinition.addContainer('proxy', { image, logging: fireLens.logDriver() });
  new LogDeliveryAlarms(stack, 'Alarms', { routerLogGroups: { report: fireLens.routerLogGroup } });
  return { stack, fireLens };
}

/** The template of a stack with one task definition, with what tests ask of it. */
export function look({ stack }: { stack: Stack }) {
  const template = Template.fromStack(stack);
  const resources = (type: string): [string, Json][] => Object.entries(template.findResources(type));
  const properties = (type: string): Json[] => resources(type).map(([, { Properties }]) => Properties);
  const [{ ContainerDefinitions }] = properties('AWS::ECS::TaskDefinition');
  const container = (name: string): Json => ContainerDefinitions.find(({ Name }: Json) => Name === name);
  const statements = (role: string): Json[] =>
    resources('AWS::IAM::Policy')
      .filter(([id]) => id.startsWith(role))
      .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement);
  const idOf = (prefix: string): string => {
    const [id = ''] = Object.keys(template.toJSON().Resources).filter((name) => name.startsWith(prefix));
    return id;
  };
  return { template, properties, container, statements, idOf };
}
