import { METRIC_NAMESPACE } from '../../lambda/core/contract.ts';
import { STACK_NAME } from '../../lib/app.ts';
import { parseDefinition } from '../asl/index.ts';
import { EventTargets } from '../aws/eventbridge/event-targets.ts';
import type { Permissions } from '../aws/iam/permissions.ts';
import { scheduleCorruption } from '../faults/corruption.ts';
import { schedulePauses } from '../faults/scheduled-pause.ts';
import { UnsupportedError } from '../kernel/aws-service.ts';
import type { Json, JsonObject } from '../kernel/json.ts';
import { intervalMs, queueOptions, tableOptions } from '../stack/options.ts';
import { policiesOf } from '../stack/policies.ts';
import type { Template } from '../stack/synthesize.ts';
import { DeployedTemplate, type Place } from '../stack/template.ts';
import type { World, WorldOptions } from './world.ts';

/** The stack's output by which callers find the queue that they hand calls over to. */
const HAND_OVER_QUEUE_URL = 'HandOverQueueUrl';

interface Site extends Pick<WorldOptions, 'clock' | 'scenario' | 'observer' | 'usage'> {
  readonly world: World;
  readonly place: Place;
  readonly has: Permissions['has'];
}

/** Creates what a template describes in the services of a world, those resources that others need first. */
export function deploy(world: World, template: Template): void {
  const { account } = world.options.scenario;
  const place = { account: account.id, region: account.region };
  const deployed = new DeployedTemplate(template, place);
  world.enforce(policiesOf(deployed));
  const site: Site = { ...world.options, world, place, has: world.has };
  createStores(deployed, site);
  for (const { properties } of deployed.all('AWS::SNS::Subscription')) {
    const { TopicArn: topicArn, Protocol: protocol, Endpoint: endpoint } = properties;
    world.sns.subscribe({ topicArn, protocol, endpoint });
  }
  for (const { properties } of deployed.all('AWS::Lambda::Function')) {
    if (properties.LoggingConfig) site.world.logs.createLogGroup(properties.LoggingConfig.LogGroup);
  }
  createStateMachines(deployed, site);
  for (const lambdaFunction of deployed.all('AWS::Lambda::Function')) {
    const { arn, properties } = lambdaFunction;
    // Whether Lambda names the function's account is unknown: here it does not.
    requireTrust(site.has, {}, properties.Role, 'lambda.amazonaws.com', arn);
    world.createFunction(lambdaFunction);
  }
  createEventSources(deployed, site);
  createRules(deployed, site);
  world.handOverQueueUrl = deployed.output(HAND_OVER_QUEUE_URL);
  const { outputs, resources, description } = deployed;
  world.cloudFormation.add({ name: STACK_NAME, description, outputs, resources });
  createAlarms(deployed, site.world);
}

function createStores(deployed: DeployedTemplate, { world, place, clock, scenario }: Site): void {
  for (const queue of deployed.all('AWS::SQS::Queue')) {
    const { RedrivePolicy: redrive } = queue.properties;
    if (redrive) world.deadLetterQueues.add(redrive.deadLetterTargetArn);
    world.sqs.createQueue(queueOptions(queue, place));
  }
  for (const { arn } of deployed.all('AWS::SNS::Topic')) world.sns.createTopic({ arn });
  // One that was there already stands in no template but as what alarms tell.
  const told = deployed.all('AWS::CloudWatch::Alarm').flatMap(({ properties }) => properties.AlarmActions);
  const own = deployed.all('AWS::SNS::Topic').map(({ arn }) => arn);
  for (const arn of new Set(told)) if (!own.includes(arn)) world.sns.createTopic({ arn });
  const tables = deployed.all('AWS::DynamoDB::Table').map(tableOptions);
  for (const table of tables) world.dynamoDb.createTable(table);
  const tableNames = tables.map(({ tableName }) => tableName);
  scheduleCorruption(scenario.faults, clock, world.dynamoDb, tableNames);
  schedulePauses(scenario.faults, clock, world.dynamoDb, tableNames);
}

function createStateMachines(deployed: DeployedTemplate, { world, has, place }: Site): void {
  for (const { arn, properties } of deployed.all('AWS::StepFunctions::StateMachine')) {
    const context = { 'aws:SourceArn': arn, 'aws:SourceAccount': place.account };
    requireTrust(has, context, properties.RoleArn, 'states.amazonaws.com', arn);
    const definition = parseDefinition(JSON.parse(properties.DefinitionString));
    world.states.createStateMachine({
      arn,
      name: arn.split(':').at(-1) ?? '',
      roleArn: properties.RoleArn,
      definition,
      text: properties.DefinitionString,
    });
  }
}

function createEventSources(deployed: DeployedTemplate, { world, has }: Site): void {
  for (const { properties } of deployed.all('AWS::Lambda::EventSourceMapping')) {
    const functions = deployed.all('AWS::Lambda::Function');
    const target = functions.find(({ logicalId }) => logicalId === properties.FunctionName);
    if (!target) throw new UnsupportedError(`an event source of the function ${properties.FunctionName}`);
    const resource = properties.EventSourceArn;
    const needs = ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'].map((name) => `sqs:${name}`);
    if (!has({ role: target.properties.Role }, ...needs.map((action) => ({ action, resource })))) {
      // As Lambda does: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
      throw new Error(`deployment failed: the role of ${properties.FunctionName} may not read the queue ${resource}`);
    }
    world.lambda.createEventSource({
      functionArn: target.arn,
      queueArn: properties.EventSourceArn,
      batchSize: properties.BatchSize,
      maximumConcurrency: properties.ScalingConfig.MaximumConcurrency,
    });
  }
}

function createRules(deployed: DeployedTemplate, site: Site): void {
  const { world, clock, usage, observer, has, place } = site;
  const eventTargets = new EventTargets({
    clock,
    accountId: place.account,
    sqs: world.sqs,
    states: world.states,
    has,
    onDelivered: (event, id) => {
      usage.add('sqsRequests', 1);
      observer.delivered(event, id);
    },
  });
  for (const { arn, properties } of deployed.all('AWS::Events::Rule')) {
    const targets = properties.Targets.map((target) => {
      if (target.DeadLetterConfig) world.deadLetterQueues.add(target.DeadLetterConfig.Arn);
      return eventTargets.create(arn, target);
    });
    const { EventPattern, ScheduleExpression, Description: description } = properties;
    const shown = { arn, description, targetArns: properties.Targets.map(({ Arn }) => Arn) };
    if (EventPattern !== undefined) world.bus.createRule({ ...shown, pattern: EventPattern, targets });
    if (ScheduleExpression === undefined) continue;
    world.bus.createSchedule({ ...shown, schedule: ScheduleExpression });
    // Recurring schedules go on for ever: the run does not wait for them.
    clock.every(intervalMs(ScheduleExpression), () => {
      for (const deliver of targets) deliver({});
    });
  }
}

/** Those alarms that a rule waits for and that are on one metric of ours; no other is ever raised here. */
function createAlarms(deployed: DeployedTemplate, { alarms }: World): void {
  const awaited = deployed
    .all('AWS::Events::Rule')
    .flatMap(({ properties }) => ((properties.EventPattern as JsonObject | undefined)?.resources ?? []) as Json[]);
  for (const { arn, logicalId, properties } of deployed.all('AWS::CloudWatch::Alarm')) {
    const { Namespace, MetricName, Dimensions, AlarmDescription: description, ...rule } = properties;
    if (Namespace !== METRIC_NAMESPACE || !MetricName || !awaited.includes(arn)) {
      alarms.createIdle({ arn, name: logicalId, description });
      continue;
    }
    const { Period, Threshold, Statistic, ComparisonOperator, EvaluationPeriods, TreatMissingData } = rule;
    const isKnown =
      Statistic === 'Sum' &&
      ComparisonOperator === 'GreaterThanOrEqualToThreshold' &&
      EvaluationPeriods === 1 &&
      TreatMissingData === 'notBreaching';
    if (!isKnown) throw new UnsupportedError(`${logicalId}: an alarm on anything but the sum over one period`);
    alarms.create({
      arn,
      name: logicalId,
      metricName: MetricName,
      dimensions: Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, Value])),
      periodMs: Number(Period) * 1000,
      threshold: Number(Threshold),
    });
  }
}

/** A service of AWS runs something of ours only under a role that lets it. */
function requireTrust(
  has: Permissions['has'],
  context: Readonly<Record<string, string>>,
  role: string,
  service: string,
  arn: string,
): void {
  if (has({ service }, { action: 'sts:AssumeRole', resource: role, context })) return;
  throw new Error(`deployment failed: ${service} may not assume ${role} for ${arn}`);
}
