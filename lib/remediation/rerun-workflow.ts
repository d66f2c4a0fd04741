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
import { ENVIRONMENT, ERROR_NAMES, STATES } from '../lambda/core/contract.ts';
import type { Configuration } from './config.ts';
import { HandlerFunction } from './handler-function.ts';
import { grantLaunch } from './launch-grants.ts';
import { acknowledge, anyVersion } from './nag.ts';
import type { Notifications } from './notifications.ts';
import { PARKING, type Turnstile } from './turnstile.ts';
import { OUTAGE_RETRY, Workflow } from './workflow.ts';

export interface RerunWorkflowProps {
  readonly configuration: Configuration;
  readonly encryptionKey: IKey | undefined;
  readonly turnstile: Turnstile;
  readonly notifications: Notifications;
  /** Where launch records are kept. */
  readonly table: ITable;
}

/** How often people redrove the execution. https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html */
const REDRIVE_COUNT = '$states.context.Execution.RedriveCount';
/** When it began or, with `RedriveTime`, was last redriven. */
const STARTED_AT =
  '($execution := $states.context.Execution; $exists($execution.RedriveTime) ? $execution.RedriveTime : $execution.StartTime)';

/** One execution for each throttled call, from its record to its task. */
export class RerunWorkflow extends Construct {
  readonly stateMachine: Workflow;
  readonly runTask: HandlerFunction;

  constructor(scope: Construct, id: string, props: RerunWorkflowProps) {
    super(scope, id);
    const { configuration, encryptionKey, turnstile, notifications, table } = props;
    this.runTask = new HandlerFunction(this, 'RunTask', {
      handler: 'run-task',
      description: 'Makes one attempt at a throttled RunTask call',
      configuration,
      timeout: Duration.seconds(90),
      encryptionKey,
      environment: notifications.environment,
    });
    // It has to know its own calls from others' in the event history.
    this.runTask.addEnvironment(ENVIRONMENT.runTaskRoleArn, this.runTaskRole.roleArn);
    notifications.grantTell(this.runTask);
    table.grant(this.runTask, 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem');
    this.runTask.addToRolePolicy(new PolicyStatement({ actions: ['cloudtrail:LookupEvents'], resources: ['*'] }));
    acknowledge(this.runTaskRole, {
      'AwsSolutions-IAM5[Resource::*]': 'cloudtrail:LookupEvents: the event history has no resource to name.',
    });
    grantLaunch(this.runTaskRole, configuration);

    this.stateMachine = new Workflow(this, 'StateMachine', {
      configuration,
      encryptionKey,
      comment: 'Re-runs one RunTask call that ECS throttled',
      start: this.#definition(turnstile),
    });
    acknowledge(this.stateMachine, {
      ...anyVersion(this.runTask),
      ...(encryptionKey && {
        'AwsSolutions-IAM5[Action::kms:GenerateDataKey*]':
          'The text of the library for writers to encrypted queues: generating data keys, of this one key, and nothing else.',
      }),
    });
    turnstile.grantAnswer(this.stateMachine);
  }

  /** The role under which the calls are repeated. */
  get runTaskRole(): IRole {
    return this.runTask.executionRole;
  }

  #definition(turnstile: Turnstile): Wait {
    const settle = Wait.jsonata(this, STATES.settle, {
      time: WaitTime.timestamp('{% $states.input.settleUntil %}'),
      assign: { rerun: '{% $states.input %}', progress: null, turn: null },
    });
    const isComplete = Choice.jsonata(this, STATES.isComplete);
    const complete = this.#invoke(STATES.complete, 'complete', {
      rerun: '{% $exists($states.result.Payload.rerun) ? $states.result.Payload.rerun : $rerun %}',
    });
    const isCompleted = Choice.jsonata(this, STATES.isCompleted);
    const waitForRecord = Wait.jsonata(this, STATES.waitForRecord, {
      time: WaitTime.timestamp('{% $states.input.waitUntil %}'),
    });
    // Past the deadline only late re-runs park, and those have no other.
    const most = PARKING.toSeconds();
    const parkingSeconds = `($left := $ceil(($toMillis($rerun.deadline) - $millis()) / 1000); $left > 0 and $left < ${most} ? $left : ${most})`;
    const takeTurn = SqsSendMessage.jsonata(this, STATES.takeTurn, {
      queue: turnstile.queue,
      integrationPattern: IntegrationPattern.WAIT_FOR_TASK_TOKEN,
      messageBody: TaskInput.fromObject({
        taskToken: '{% $states.context.Task.Token %}',
        parkedUntil: `{% $fromMillis($millis() + 1000 * ${parkingSeconds}) %}`,
        // Of a call that was accepted in part only the rest is left; what does not exist is no element of the list.
        tasks: '{% [$progress.remaining, $rerun.progress.remaining, $rerun.request.count, 1][0] %}',
      }),
      taskTimeout: Timeout.jsonata(`{% ${parkingSeconds} %}`),
      // A turn is good for the drive that it was taken in.
      assign: { turn: `{% $merge([$states.result, { 'redriveCount': ${REDRIVE_COUNT} }]) %}` },
    });
    const stillInTime = Choice.jsonata(this, STATES.stillInTime);
    const runTask = this.#invoke(STATES.runTask, 'attempt');
    const next = Choice.jsonata(this, STATES.next);
    const backOff = Wait.jsonata(this, STATES.backOff, {
      time: WaitTime.timestamp('{% $states.input.waitUntil %}'),
      assign: { progress: '{% $states.input.progress %}', turn: null },
    });
    // Late re-runs look into the history again: a turn for each look would be lost to calls that can use it.
    const waitForProof = Wait.jsonata(this, STATES.waitForProof, {
      time: WaitTime.timestamp('{% $states.input.waitUntil %}'),
      assign: { progress: '{% $states.input.progress %}', turn: null },
    });
    const started = Succeed.jsonata(this, STATES.started);
    const ignored = Succeed.jsonata(this, STATES.ignored);

    // A turn that did not come in time: look at the clock, then park anew. No turn at all must not lose a call.
    takeTurn.addRetry({ errors: ['States.Timeout'], maxAttempts: 0 });
    takeTurn.addRetry(OUTAGE_RETRY);
    takeTurn.addCatch(stillInTime, { errors: ['States.ALL'], assign: { turn: null } });
    settle.next(isComplete);
    isComplete.when(Condition.jsonata('{% $exists($rerun.request) %}'), takeTurn).otherwise(complete);
    complete.next(isCompleted);
    isCompleted
      .when(Condition.jsonata("{% $states.input.next = 'attempt' %}"), takeTurn)
      .when(Condition.jsonata("{% $states.input.next = 'wait' %}"), waitForRecord)
      .otherwise(ignored);
    waitForRecord.next(complete);
    takeTurn.next(runTask);
    stillInTime.when(Condition.jsonata('{% $millis() < $toMillis($rerun.deadline) %}'), takeTurn).otherwise(runTask);
    runTask.next(next);
    next
      .when(Condition.jsonata("{% $states.input.next = 'backOff' %}"), backOff)
      .when(Condition.jsonata("{% $states.input.next = 'look' %}"), waitForProof)
      .otherwise(started);
    backOff.next(takeTurn);
    waitForProof.next(runTask);
    return settle;
  }

  /** A step of the run-task handler. */
  #invoke(id: string, step: string, assign?: Record<string, string>): LambdaInvoke {
    const state = LambdaInvoke.jsonata(this, id, {
      lambdaFunction: this.runTask,
      payload: TaskInput.fromObject({
        step,
        startedAt: `{% ${STARTED_AT} %}`,
        redriveCount: `{% ${REDRIVE_COUNT} %}`,
        rerun: '{% $rerun %}',
        progress: '{% $progress %}',
        turn: '{% $turn %}',
      }),
      retryOnServiceExceptions: false,
      outputs: '{% $states.result.Payload %}',
      ...(assign && { assign }),
    });
    // The handler ends a re-run without its task by an error of its own, so that the execution fails in a state which
    // a redrive runs again. Whatever else goes wrong there is tried again until the handler itself sees the deadline.
    state.addRetry({ errors: Object.values(ERROR_NAMES), maxAttempts: 0 });
    state.addRetry(OUTAGE_RETRY);
    return state;
  }
}
