import { Annotations, type IAspect, Stack } from 'aws-cdk-lib';
import { CfnTaskDefinition } from 'aws-cdk-lib/aws-ecs';
import type { IConstruct } from 'constructs';
import { type LogRouter, logStreamScope } from './log-stream-scope.ts';

/** CreateLogStream requests per second, per account and Region: https://docs.aws.amazon.com/general/latest/gr/cwl_region.html */
const CREATE_LOG_STREAM_QUOTA = 50;

export interface StaticLogStreamCheckProps {
  /**
   * How many tasks of one task definition are launched per second, for several minutes. The routers' retries bridge shorter
   * bursts.
   * @default - not declared: the creation of log streams is not checked
   */
  readonly tasksPerSecond?: number;
  /**
   * The account's quota for CreateLogStream (L-76507CEF), in requests per second.
   * @default 50, the quota of an account that has not had it raised
   */
  readonly createLogStreamPerSecond?: number;
}

/** The parts of a container definition that are checked. Tokens are not resolved. */
interface ContainerDefinition {
  readonly name?: unknown;
  readonly image?: unknown;
  readonly logConfiguration?: { readonly logDriver?: unknown; readonly options?: Readonly<Record<string, unknown>> };
  readonly firelensConfiguration?: { readonly options?: Readonly<Record<string, unknown>> };
}

/**
 * Warns about task definitions whose containers send all tasks' lines through FireLens into one log stream, and about those
 * whose launch would need log streams faster than CloudWatch Logs creates them: `Aspects.of(app).add(new StaticLogStreamCheck())`.
 */
export class StaticLogStreamCheck implements IAspect {
  readonly #tasksPerSecond: number | undefined;
  readonly #quota: number;

  constructor(props: StaticLogStreamCheckProps = {}) {
    this.#tasksPerSecond = props.tasksPerSecond;
    this.#quota = props.createLogStreamPerSecond ?? CREATE_LOG_STREAM_QUOTA;
  }

  visit(node: IConstruct): void {
    if (!(node instanceof CfnTaskDefinition)) return;
    const containers: readonly ContainerDefinition[] = Stack.of(node).resolve(node.containerDefinitions) ?? [];
    const router = routerOf(containers);
    let streams = 0;
    for (const { name, logConfiguration } of containers) {
      // Each container of each task has its own stream there.
      if (logConfiguration?.logDriver === 'awslogs') streams += 1;
      if (logConfiguration?.logDriver !== 'awsfirelens') continue;
      const scope = logStreamScope(logConfiguration.options ?? {}, router);
      const about = `Container ${typeof name === 'string' ? name : '(unnamed)'}`;
      switch (scope.kind) {
        case 'perTask':
          streams += 1;
          break;
        case 'shared':
          warn(node, 'sharedLogStream', `${about} of all tasks: ${scope.reason}. ${scope.fix}`);
          break;
        case 'rejected':
          warn(node, 'rejectedLogStream', `${about}: ${scope.reason}. ${scope.fix}`);
          break;
        case 'unknown':
          Annotations.of(node).addInfoV2(id('unknownLogStream'), `${about}: not checked, ${scope.reason}.`);
          break;
        case 'notCloudWatch':
          break;
        default:
          scope satisfies never;
      }
    }
    this.#checkCreation(node, streams);
  }

  #checkCreation(node: CfnTaskDefinition, streams: number): void {
    const perSecond = (this.#tasksPerSecond ?? 0) * streams;
    if (perSecond <= this.#quota) return;
    const most = Math.floor(this.#quota / streams);
    const found = `${this.#tasksPerSecond} tasks per second with ${streams} log streams each create ${perSecond} a second`;
    const fix = `Launch at most ${most} tasks per second, let fewer containers log, or have L-76507CEF raised and declare it.`;
    warn(node, 'createLogStreamRate', `${found}; CloudWatch Logs creates ${this.#quota}. ${fix}`);
  }
}

function routerOf(containers: readonly ContainerDefinition[]): LogRouter {
  const router = containers.find(({ firelensConfiguration }) => firelensConfiguration);
  const configFileType = router?.firelensConfiguration?.options?.['config-file-type'];
  return {
    ...(typeof configFileType === 'string' && { configFileType }),
    ...(typeof router?.image === 'string' && { image: router.image }),
  };
}

function id(name: string): string {
  return `ecs-throttle-remediation:${name}`;
}

function warn(node: CfnTaskDefinition, name: string, message: string): void {
  Annotations.of(node).addWarningV2(id(name), message);
}
