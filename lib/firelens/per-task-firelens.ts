import { Duration, Size, Stack } from 'aws-cdk-lib';
import {
  AwsLogDriverMode,
  type ContainerDefinition,
  type ContainerImage,
  FireLensLogDriver,
  FirelensConfigFileType,
  type FirelensLogRouter,
  FirelensLogRouterType,
  type HealthCheck,
  LogDriver,
  type LogDriverConfig,
  type TaskDefinition,
} from 'aws-cdk-lib/aws-ecs';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ILogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { letLogGroupsUse, logGroup } from './log-groups.ts';
import { type CloudWatchPlugin, outputOptions } from './output-options.ts';
import { stableRouterImage } from './router-image.ts';

/**
 * A configuration in AWS's image. `Grace 30` (the default is 5 s) and `Flush 1` give a stopping router time to send its lines,
 * including chunks that wait for a retry. It also starts the HTTP server that the health check uses.
 * https://github.com/aws/aws-for-fluent-bit/blob/mainline/configs/output-metrics-healthcheck.conf,
 * https://github.com/fluent/fluent-bit/pull/5105
 */
const CONFIG_FILE = '/fluent-bit/configs/output-metrics-healthcheck.conf';

/**
 * Longer than Fluent Bit's grace period of 30 s, which is ECS's default stop timeout. Containers that stop before the router
 * take up to 30 s. The sum stays below 120 s: Fargate's maximum, and the time that a Spot task has.
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
 */
const STOP_TIMEOUT = Duration.seconds(60);

/**
 * Checks whether the router answers, not whether it delivers its lines. While CloudWatch Logs throttles, a check of delivery
 * would make every task of a launch unhealthy at once, and ECS would replace them all.
 * https://github.com/aws-samples/amazon-ecs-firelens-examples/tree/mainline/examples/fluent-bit/health-check
 */
const HEALTH_CHECK: HealthCheck = {
  command: ['CMD-SHELL', 'curl -f -s http://127.0.0.1:2020/api/v1/uptime || exit 1'],
  interval: Duration.seconds(10),
  timeout: Duration.seconds(5),
  retries: 3,
  startPeriod: Duration.seconds(30),
};

/** Buffer for the router's own lines. More lines are dropped. */
const OWN_LOG_BUFFER = Size.mebibytes(4);

/** More than AWS's examples reserve, as retries wait in memory. The router itself has no upper limit. */
const MEMORY_RESERVATION_MIB = 128;

const WRITE = ['logs:CreateLogStream', 'logs:PutLogEvents'];
/** What each plugin calls if the group exists, according to its page. */
const ACTIONS: Readonly<Record<CloudWatchPlugin, readonly string[]>> = {
  cloudwatch_logs: WRITE,
  cloudwatch: [...WRITE, 'logs:DescribeLogStreams'],
};

export interface PerTaskFireLensProps {
  /** The task definition that gets a router. It must not have one yet. */
  readonly taskDefinition: TaskDefinition;
  /**
   * The plugin in C, or its predecessor in Go. AWS still supports the latter and no longer recommends it.
   * @default 'cloudwatch_logs'
   */
  readonly plugin?: CloudWatchPlugin;
  /** @default - a key of AWS's */
  readonly encryptionKey?: IKey;
  /** @default RetentionDays.ONE_MONTH */
  readonly retention?: RetentionDays;
  /**
   * An image based on AWS for Fluent Bit, to pin its version. It needs that image's configurations and curl.
   * @default - AWS's `stable` image from the Region's own registry, resolved at each deployment
   */
  readonly image?: ContainerImage;
}

/**
 * FireLens for a task definition: each container of each task logs to its own stream in one log group. A container uses it
 * with `logging: fireLens.logDriver()`.
 */
export class PerTaskFireLens extends Construct {
  /** Where the containers' lines go. */
  readonly logGroup: ILogGroup;
  /** Where the router's own lines go. They say what it could not deliver. */
  readonly routerLogGroup: ILogGroup;
  readonly router: FirelensLogRouter;
  readonly #plugin: CloudWatchPlugin;

  constructor(scope: Construct, id: string, props: PerTaskFireLensProps) {
    super(scope, id);
    const { taskDefinition, encryptionKey, retention, image } = props;
    this.#plugin = props.plugin ?? 'cloudwatch_logs';
    if (encryptionKey) letLogGroupsUse(this, encryptionKey);
    this.logGroup = logGroup(this, 'LogGroup', { encryptionKey, retention });
    this.routerLogGroup = logGroup(this, 'RouterLogGroup', { encryptionKey, retention });

    this.router = taskDefinition.addFirelensLogRouter('log-router', {
      image: image ?? stableRouterImage(this, taskDefinition),
      // Otherwise a task would run on without its router, and its lines would be lost silently.
      essential: true,
      firelensConfig: {
        type: FirelensLogRouterType.FLUENTBIT,
        options: { configFileType: FirelensConfigFileType.FILE, configFileValue: CONFIG_FILE },
      },
      healthCheck: HEALTH_CHECK,
      memoryReservationMiB: MEMORY_RESERVATION_MIB,
      stopTimeout: STOP_TIMEOUT,
      logging: LogDriver.awsLogs({
        logGroup: this.routerLogGroup,
        streamPrefix: 'router',
        // In blocking mode, a throttled CreateLogStream keeps the container and with it the task from starting. Docker does so:
        // https://github.com/moby/moby/issues/42088. Whether Fargate starts it in non-blocking mode is not verified.
        mode: AwsLogDriverMode.NON_BLOCKING,
        maxBufferSize: OWN_LOG_BUFFER,
      }),
    });

    // For the plugin in Go the library grants these on all resources; for the one in C it grants nothing.
    taskDefinition.addToTaskRolePolicy(
      new PolicyStatement({ actions: [...ACTIONS[this.#plugin]], resources: [this.logGroup.logGroupArn] }),
    );
  }

  /** The log driver of a container. `options` are further options of the plugin or of FireLens for this container. */
  logDriver(options: Readonly<Record<string, string>> = {}): LogDriver {
    return new PerTaskLogDriver((containerName) => ({
      ...outputOptions({
        plugin: this.#plugin,
        containerName,
        logGroupName: this.logGroup.logGroupName,
        region: Stack.of(this).region,
      }),
      ...options,
    }));
  }
}

/** A log driver whose options know the name of the container. */
class PerTaskLogDriver extends LogDriver {
  readonly #optionsFor: (containerName: string) => Record<string, string>;

  constructor(optionsFor: (containerName: string) => Record<string, string>) {
    super();
    this.#optionsFor = optionsFor;
  }

  override bind(scope: Construct, container: ContainerDefinition): LogDriverConfig {
    return new FireLensLogDriver({ options: this.#optionsFor(container.containerName) }).bind(scope, container);
  }
}
