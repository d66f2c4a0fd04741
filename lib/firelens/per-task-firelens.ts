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
 * A configuration in AWS's image: `Grace 30` (the default is 5 s) and `Flush 1`, so that a stopping router has time to
 * send what it holds, chunks that waited for a retry too, and the HTTP server that the health check asks.
 * https://github.com/aws/aws-for-fluent-bit/blob/mainline/configs/output-metrics-healthcheck.conf,
 * https://github.com/fluent/fluent-bit/pull/5105
 */
const CONFIG_FILE = '/fluent-bit/configs/output-metrics-healthcheck.conf';

/**
 * More than Fluent Bit's grace period, which ECS's default of 30 s is not. With the 30 s of the containers that stop
 * before the router it stays below the 120 s that Fargate gives at most, and that a Spot task has in all.
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
 */
const STOP_TIMEOUT = Duration.seconds(60);

/**
 * Whether the router answers, not whether it gets rid of its lines: that would make every task of a launch unhealthy at
 * once, just when CloudWatch Logs throttles, and ECS would replace them all.
 * https://github.com/aws-samples/amazon-ecs-firelens-examples/tree/mainline/examples/fluent-bit/health-check
 */
const HEALTH_CHECK: HealthCheck = {
  command: ['CMD-SHELL', 'curl -f -s http://127.0.0.1:2020/api/v1/uptime || exit 1'],
  interval: Duration.seconds(10),
  timeout: Duration.seconds(5),
  retries: 3,
  startPeriod: Duration.seconds(30),
};

/** What lines may pile up of the router's own before they are dropped. */
const OWN_LOG_BUFFER = Size.mebibytes(4);

/** Beyond what AWS's examples reserve, since retries wait in memory; there is no upper limit of the router's own. */
const MEMORY_RESERVATION_MIB = 128;

const WRITE = ['logs:CreateLogStream', 'logs:PutLogEvents'];
/** What each plugin calls where the group exists, as its page has it. */
const ACTIONS: Readonly<Record<CloudWatchPlugin, readonly string[]>> = {
  cloudwatch_logs: WRITE,
  cloudwatch: [...WRITE, 'logs:DescribeLogStreams'],
};

export interface PerTaskFireLensProps {
  /** What gets a router; it may have none yet. */
  readonly taskDefinition: TaskDefinition;
  /**
   * The plugin in C, or its predecessor in Go, which AWS still supports and no longer recommends.
   * @default 'cloudwatch_logs'
   */
  readonly plugin?: CloudWatchPlugin;
  /** @default - a key of AWS's */
  readonly encryptionKey?: IKey;
  /** @default RetentionDays.ONE_MONTH */
  readonly retention?: RetentionDays;
  /**
   * An image that is built on AWS for Fluent Bit, to pin its version; it has to hold that image's configurations and curl.
   * @default - the one that AWS calls stable, from the Region's own registry, as of each deployment
   */
  readonly image?: ContainerImage;
}

/**
 * FireLens for a task definition: each container of each task logs to a stream of its own in one log group. Containers
 * take part by `logging: fireLens.logDriver()`.
 */
export class PerTaskFireLens extends Construct {
  /** Where the containers' lines go. */
  readonly logGroup: ILogGroup;
  /** Where the router's own lines go: what it could not deliver is said there. */
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
      // Without its router a task would run on and its lines would be lost unseen.
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
        // Blocking, a throttled CreateLogStream keeps the container from starting, and with it the task. So it is with
        // Docker, https://github.com/moby/moby/issues/42088; whether Fargate starts it then is not verified.
        mode: AwsLogDriverMode.NON_BLOCKING,
        maxBufferSize: OWN_LOG_BUFFER,
      }),
    });

    // The library knows what the plugin in Go needs, and grants it on everything; for the one in C it grants nothing.
    taskDefinition.addToTaskRolePolicy(
      new PolicyStatement({ actions: [...ACTIONS[this.#plugin]], resources: [this.logGroup.logGroupArn] }),
    );
  }

  /** How a container logs; `options` are more options of the plugin or of FireLens, for this container. */
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
