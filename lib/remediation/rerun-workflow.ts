import { Duration } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  Choice,
  Condition,
  IntegrationPattern,
  Succeed,
  TaskInput,
  Timeout,
  Wait,
  WaitTime,
} from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke, SqsSendMessage } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';
import { ENVIRONMENT, ERROR_NAMES, ITEM_KINDS, RERUN_NEXT, RERUN_STEPS, STATES } from '../../lambda/core/contract.ts';
import type { Configuration } from '../config/schema.ts';
import { HandlerFunction } from '../foundation/handler-function.ts';
import { acknowledge, anyVersion } from '../foundation/nag.ts';
import { BUSY_RETRY, OUTAGE_RETRY, Workflow } from '../foundation/workflow.ts';
import { each, grantItems, READ_ITEMS } from './item-grants.ts';
import { grantLaunch } from './launch-grants.ts';
import type { Notifications } from './notifications.ts';
import { PARKING, type RateLimiter } from './rate-limiter.ts';

export interface RerunWorkflowProps {
  readonly configuration: Configuration;
  readonly encryptionKey: IKey | undefined;
  readonly rateLimiter: RateLimiter;
  readonly notifications: Notifications;
  /** Where launch records are kept. */
  readonly table: ITable;
}

/** How often people redrove the execution. https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html */
const REDRIVE_COUNT = '$states.context.Execution.RedriveCount';
/** When the execution began or, if it was redriven, was last redriven. */
const STARTED_AT =
  '($execution := $states.context.Execution; $exists($execution.RedriveTime) ? $execution.RedriveTime : $execution.StartTime)';

/**
 * Since when a request may have been made whose answer nobody knows: since the state was entered where an earlier try of it
 * broke off, since the execution began where it was redriven; null where neither is so.
 */
const UNHEARD_SINCE = [
  `${REDRIVE_COUNT} > 0 ? $states.context.Execution.StartTime`,
  '$states.context.State.RetryCount > 0 ? $states.context.State.EnteredTime',
  'null',
].join(' : ');

/** Whether the handler's reply names this as the next step. */
const nextIs = (next: keyof typeof RERUN_NEXT) => Condition.jsonata(`{% $states.input.next = '${RERUN_NEXT[next]}' %}`);

/** One execution for each throttled call, from its record to its task. */
export class RerunWorkflow extends Construct {
  readonly stateMachine: Workflow;
  readonly runTask: HandlerFunction;

  constructor(scope: Construct, id: string, props: RerunWorkflowProps) {
    super(scope, id);
    const { configuration, encryptionKey, rateLimiter, notifications, table } = props;
    this.runTask = new HandlerFunction(this, 'RunTask', {
      handler: 'run-task',
      description: 'Makes one attempt at a throttled RunTask call',
      configuration,
      timeout: Duration.seconds(90),
      encryptionKey,
      environment: notifications.environment,
    });
    // The handler distinguishes its own calls from others' in the event history.
    this.runTask.addEnvironment(ENVIRONMENT.runTaskRoleArn, this.runTaskRole.roleArn);
    notifications.grantNotify(this.runTask);
    const { pause, coverage, rate, rooms, tokenKey, lookups, lookup, launch, accepted, occasion, rest, spend } =
      ITEM_KINDS;
    const many = [lookup, launch, accepted, occasion, rest, spend].map(each);
    const written = [rate, rooms, tokenKey, lookups, ...many];
    // One statement has to allow all that is read at once: the pause and the call's acceptance.
    grantItems(table, this.runTask, READ_ITEMS, [pause, coverage, ...written]);
    grantItems(table, this.runTask, ['dynamodb:PutItem', 'dynamodb:UpdateItem'], written);
    grantItems(table, this.runTask, ['dynamodb:BatchWriteItem'], [launch, accepted].map(each));
    this.runTask.addToRolePolicy(new PolicyStatement({ actions: ['cloudtrail:LookupEvents'], resources: ['*'] }));
    acknowledge(this.runTaskRole, {
      'AwsSolutions-IAM5[Resource::*]': 'cloudtrail:LookupEvents: the event history has no resource to name.',
    });
    this.runTask.needs(grantLaunch(this, this.runTask.executionRole, configuration));

    this.stateMachine = new Workflow(this, 'StateMachine', {
      configuration,
      encryptionKey,
      comment: 'Re-runs one RunTask call that ECS throttled',
      start: this.#definition(rateLimiter),
    });
    acknowledge(this.stateMachine, {
      ...anyVersion(this.runTask),
      ...(encryptionKey && {
        'AwsSolutions-IAM5[Action::kms:GenerateDataKey*]':
          'The text of the library for writers to encrypted queues: generating data keys, of this one key, and nothing else.',
      }),
    });
    rateLimiter.grantAnswer(this.stateMachine);
  }

  /** The role that repeats the calls. */
  get runTaskRole(): IRole {
    return this.runTask.executionRole;
  }

  #definition(rateLimiter: RateLimiter): Wait {
    const settle = Wait.jsonata(this, STATES.settle, {
      time: WaitTime.timestamp('{% $states.input.settleUntil %}'),
      assign: { rerun: '{% $states.input %}', progress: null, permit: null },
    });
    const isComplete = Choice.jsonata(this, STATES.isComplete);
    const complete = this.#invoke(STATES.complete, RERUN_STEPS.complete, {
      rerun: '{% $exists($states.result.Payload.rerun) ? $states.result.Payload.rerun : $rerun %}',
    });
    const isCompleted = Choice.jsonata(this, STATES.isCompleted);
    const waitForRecord = Wait.jsonata(this, STATES.waitForRecord, {
      time: WaitTime.timestamp('{% $states.input.waitUntil %}'),
    });
    // After the deadline only late re-runs park. They wait for the full time.
    const most = PARKING.toSeconds();
    // What found no room waits longer.
    const deadline = '($exists($progress.noRoom) ? $progress.noRoom.until : $rerun.deadline)';
    const parkingSeconds = `($left := $ceil(($toMillis(${deadline}) - $millis()) / 1000); $left > 0 and $left < ${most} ? $left : ${most})`;
    const waitForPermit = SqsSendMessage.jsonata(this, STATES.waitForPermit, {
      queue: rateLimiter.queue,
      integrationPattern: IntegrationPattern.WAIT_FOR_TASK_TOKEN,
      // A fair queue: nobody waits behind somebody else's storm. As a hash, since an ARN may be longer than a group's name.
      messageGroupId: `{% $hash($exists($rerun.call.caller) ? $rerun.call.caller : '', 'SHA-256') %}`,
      messageBody: TaskInput.fromObject({
        taskToken: '{% $states.context.Task.Token %}',
        parkedUntil: `{% $fromMillis($millis() + 1000 * ${parkingSeconds}) %}`,
        // For a call that was accepted in part, only the rest. Undefined values are no elements of the list.
        tasks: '{% [$progress.remaining, $rerun.progress.remaining, $rerun.request.count, 1][0] %}',
        callId: '{% $rerun.callId %}',
        doneBy: '{% $exists($rerun.doneBy) ? $rerun.doneBy : null %}',
        family: '{% $rerun.call.family %}',
        // As a list, also where there is one or none. Where an answer was lost the tasks may have their places: it must not wait for others.
        rooms: '{% $progress.unanswered > 0 ? [] : [$rerun.rooms, $progress.noRoom.room] %}',
      }),
      taskTimeout: Timeout.jsonata(`{% ${parkingSeconds} %}`),
      // A permit is valid until the next redrive.
      assign: { permit: `{% $merge([$states.result, { 'redriveCount': ${REDRIVE_COUNT} }]) %}` },
    });
    const stillInTime = Choice.jsonata(this, STATES.stillInTime);
    const runTask = this.#invoke(STATES.runTask, RERUN_STEPS.attempt);
    const next = Choice.jsonata(this, STATES.next);
    const backOff = Wait.jsonata(this, STATES.backOff, {
      time: WaitTime.timestamp('{% $states.input.waitUntil %}'),
      assign: { progress: '{% $states.input.progress %}', permit: null },
    });
    // A late re-run looks for its proof again without a permit: others can use that permit.
    const waitForProof = Wait.jsonata(this, STATES.waitForProof, {
      time: WaitTime.timestamp('{% $states.input.waitUntil %}'),
      assign: { progress: '{% $states.input.progress %}', permit: null },
    });
    const started = Succeed.jsonata(this, STATES.started);
    const ignored = Succeed.jsonata(this, STATES.ignored);

    // If no permit came in time, the execution parks again until the deadline, so a call is not lost without permits.
    waitForPermit.addRetry({ errors: ['States.Timeout'], maxAttempts: 0 });
    waitForPermit.addRetry(OUTAGE_RETRY);
    waitForPermit.addCatch(stillInTime, { errors: ['States.ALL'], assign: { permit: null } });
    settle.next(isComplete);
    isComplete.when(Condition.jsonata('{% $exists($rerun.request) %}'), waitForPermit).otherwise(complete);
    complete.next(isCompleted);
    isCompleted.when(nextIs('attempt'), waitForPermit).when(nextIs('waitForRecord'), waitForRecord).otherwise(ignored);
    waitForRecord.next(complete);
    waitForPermit.next(runTask);
    stillInTime.when(Condition.jsonata(`{% $millis() < $toMillis(${deadline}) %}`), waitForPermit).otherwise(runTask);
    runTask.next(next);
    next.when(nextIs('backOff'), backOff).when(nextIs('waitForProof'), waitForProof).otherwise(started);
    backOff.next(waitForPermit);
    waitForProof.next(runTask);
    return settle;
  }

  /** Invokes a step of the run-task handler. */
  #invoke(id: string, step: keyof typeof RERUN_STEPS, assign?: Record<string, string>): LambdaInvoke {
    const state = LambdaInvoke.jsonata(this, id, {
      lambdaFunction: this.runTask,
      payload: TaskInput.fromObject({
        step,
        startedAt: `{% ${STARTED_AT} %}`,
        redriveCount: `{% ${REDRIVE_COUNT} %}`,
        rerun: '{% $rerun %}',
        progress: '{% $progress %}',
        permit: '{% $permit %}',
        unheardSince: `{% ${UNHEARD_SINCE} %}`,
        execution: '{% $states.context.Execution.Id %}',
      }),
      retryOnServiceExceptions: false,
      outputs: '{% $states.result.Payload %}',
      ...(assign && { assign }),
    });
    // The handler ends a re-run without its task by an error of its own. The execution then fails in this state, and a redrive
    // runs it again. All other errors are retried until the handler sees the deadline.
    state.addRetry({ errors: Object.values(ERROR_NAMES), maxAttempts: 0 });
    state.addRetry(BUSY_RETRY);
    state.addRetry(OUTAGE_RETRY);
    return state;
  }
}
