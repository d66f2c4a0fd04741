import { AwsError, type FakeService, UnsupportedError } from '../../kernel/aws-service.ts';
import type { VirtualClock } from '../../kernel/clock.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { DeployedResource, Output } from '../../stack/template.ts';

export interface FakeCloudFormationOptions {
  readonly clock: VirtualClock;
  readonly account: string;
  readonly region: string;
}

/** What a template became when it was deployed. */
export interface DeployedStack {
  readonly name: string;
  readonly description: string | undefined;
  readonly outputs: readonly Output[];
  readonly resources: readonly DeployedResource[];
}

/** AWS CloudFormation, as far as it tells of the stacks that are there. */
export class FakeCloudFormation implements FakeService {
  readonly name = 'cloudformation';
  readonly #options: FakeCloudFormationOptions;
  readonly #stacks: DeployedStack[] = [];

  constructor(options: FakeCloudFormationOptions) {
    this.#options = options;
  }

  add(stack: DeployedStack): void {
    this.#stacks.push(stack);
  }

  call(operation: string, { StackName: name }: JsonObject): JsonObject {
    switch (operation) {
      case 'DescribeStacks': {
        const stacks = name === undefined ? this.#stacks : [this.#find(name)];
        return { Stacks: stacks.map((stack) => this.#shown(stack)) };
      }
      case 'DescribeStackResources':
        return { StackResources: this.#resources(name) };
      case 'ListStackResources':
        return {
          StackResourceSummaries: this.#resources(name).map(
            ({ StackId: _, StackName: __, Timestamp: LastUpdatedTimestamp = 0, ...resource }) => ({
              ...resource,
              LastUpdatedTimestamp,
            }),
          ),
        };
      default:
        throw new UnsupportedError(`cloudformation ${operation}`);
    }
  }

  #find(reference: unknown): DeployedStack {
    const found = this.#stacks.find((stack) => reference === stack.name || reference === this.#idOf(stack));
    if (!found) throw new AwsError('ValidationError', `Stack with id ${String(reference)} does not exist`);
    return found;
  }

  #idOf({ name }: DeployedStack): string {
    const { account, region } = this.#options;
    return `arn:aws:cloudformation:${region}:${account}:stack/${name}/1ab00000-0000-4000-8000-000000000000`;
  }

  #shown(stack: DeployedStack): JsonObject {
    return {
      StackId: this.#idOf(stack),
      StackName: stack.name,
      ...(stack.description !== undefined && { Description: stack.description }),
      CreationTime: this.#options.clock.startedAt / 1000,
      StackStatus: 'CREATE_COMPLETE',
      Outputs: stack.outputs.map(({ key, value, description }) => ({
        OutputKey: key,
        OutputValue: value,
        ...(description !== undefined && { Description: description }),
      })),
      Tags: [],
    };
  }

  #resources(name: unknown): JsonObject[] {
    const stack = this.#find(name);
    return stack.resources.map(({ logicalId, physicalId, type }) => ({
      StackName: stack.name,
      StackId: this.#idOf(stack),
      LogicalResourceId: logicalId,
      PhysicalResourceId: physicalId,
      ResourceType: type,
      ResourceStatus: 'CREATE_COMPLETE',
      Timestamp: this.#options.clock.startedAt / 1000,
    }));
  }
}
