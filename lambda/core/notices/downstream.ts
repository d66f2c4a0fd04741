/**
 * Calls that ECS makes to other services on its users' behalf, to start their tasks and to keep their services. They too are
 * throttled, and then tasks fail to start although nobody called ECS too often.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/operating-at-scale-dealing-with-throttles.html
 */
export const ECS_PRINCIPAL = 'ecs.amazonaws.com';
/** Role of the sessions that ECS makes such calls in, as AWS's example of a throttled one shows. */
export const ECS_SERVICE_ROLE = 'AWSServiceRoleForECS';

/** Where more of an API is asked for. */
interface DownstreamLimit {
  readonly eventSource: string;
  /** Operations that it holds for; absent: all of the service. */
  readonly operations?: readonly string[];
  /** Examples of what ECS calls, for people. */
  readonly calledFor: string;
  readonly ask: string;
  readonly source: string;
}

/** Of limits without a code Service Quotas knows nothing: AWS raises them by a support case. First match wins. */
export const DOWNSTREAM_LIMITS: readonly DownstreamLimit[] = [
  {
    eventSource: 'ec2.amazonaws.com',
    calledFor: 'CreateNetworkInterface, AttachNetworkInterface, DescribeSubnets: tasks in awsvpc mode',
    ask: 'Amazon EC2 API request rate of this very action, by a support case: no quota code',
    source: 'https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html',
  },
  {
    eventSource: 'elasticloadbalancing.amazonaws.com',
    calledFor: 'RegisterTargets, DeregisterTargets, DescribeTargetHealth: services behind a load balancer',
    ask: 'Elastic Load Balancing API request rate of calls by Amazon ECS, which have a bucket of their own, by a support case: no quota code',
    source: 'https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-api-throttling.html',
  },
  {
    eventSource: 'servicediscovery.amazonaws.com',
    operations: ['DiscoverInstances'],
    calledFor: 'DiscoverInstances',
    ask: 'AWS Cloud Map, DiscoverInstances operation: L-514A639A (steady rate), L-76CF203B (burst rate)',
    source: 'https://docs.aws.amazon.com/general/latest/gr/cloud_map.html',
  },
  {
    eventSource: 'servicediscovery.amazonaws.com',
    calledFor: 'RegisterInstance, DeregisterInstance: services with service discovery',
    ask: 'AWS Cloud Map API request rate of this action, by a support case: no quota code',
    source: 'https://docs.aws.amazon.com/cloud-map/latest/dg/throttling.html',
  },
  {
    eventSource: 'logs.amazonaws.com',
    operations: ['CreateLogStream'],
    calledFor: 'CreateLogStream',
    ask: 'Amazon CloudWatch Logs, CreateLogStream throttle limit: L-76507CEF',
    source: 'https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html',
  },
];

/** Of a service that is not among them. */
export const ASK_ELSEWHERE = 'API request rate of this action, in Service Quotas or by a support case';

/** What to ask for where calls of ECS to this API were throttled. */
export function downstreamAsk(eventSource: string, eventName: string): string {
  const limit = DOWNSTREAM_LIMITS.find(
    (each) => each.eventSource === eventSource && (each.operations?.includes(eventName) ?? true),
  );
  return limit?.ask ?? ASK_ELSEWHERE;
}
