import { describe, expect, test } from 'vitest';
import type { Execution } from '../../../lab/aws/states/execution.ts';
import type { Call } from '../../../lab/run/call-ledger.ts';
import { Records } from '../../../lab/run/run-records.ts';
import { LOG_MESSAGES } from '../../../lambda/core/contract.ts';
import { RUN_TASK } from '../aws/world.ts';
import { judged } from './judged.fixture.ts';

const REQUEST = { referenceId: 'ops/0', clientToken: 't', ...RUN_TASK, count: 9 };

/** One call that is owed, and executions that re-run it. */
function owed(call: Partial<Call> = { state: 'throttled' }) {
  const { oracle, fate } = judged({ request: REQUEST, ...call }, {}, { throttledRecords: 'full' });
  const records = new Records({ oracle: () => oracle, now: () => 1000, onProgress: () => {} });
  const begin = (name: string, input: object = { request: REQUEST }): Execution => {
    const execution = { arn: name, historyEvents: 1, result: undefined } as unknown as Execution;
    records.executionStarted(execution, input);
    return execution;
  };
  const end = (execution: Execution, error: 'Refused' | 'GaveUp', errorMessage: string) => {
    execution.result = { status: 'FAILED', error, cause: JSON.stringify({ errorMessage }) } as Execution['result'];
    records.executionClosed(execution);
  };
  const redrive = (execution: Execution) => {
    records.executionRedriven(execution);
    execution.result = undefined;
  };
  /** ECS answers a request of ours. */
  const answer = (clientToken: string, ...reasons: string[]) =>
    oracle.fates.answered(
      { ...REQUEST, clientToken },
      reasons.map((reason) => ({ reason })),
    );
  /** A task that the caller started itself dies for a reason that nobody brings back. */
  const breakOwnTask = (stoppedReason: string) => {
    const task = { taskArn: 'own', at: 1 };
    oracle.fates.task({ ...task, kind: 'launched', input: REQUEST, clientToken: 't', principal: { arn: 'them' } });
    oracle.fates.task({ ...task, kind: 'stopped', stopCode: 'TaskFailedToStart', stoppedReason, everRan: false });
  };
  /** The intake refuses a message in which the call was handed over. */
  const refuseMessage = (messageId: string) => {
    records.handedOver(fate.call, messageId);
    records.log({
      handler: 'intake',
      level: 'info',
      message: LOG_MESSAGES.verdict,
      fields: { kind: 'refuse', reason: 'noClientToken', messageId },
    });
  };
  return {
    oracle,
    records,
    refuseMessage,
    fate,
    begin,
    end,
    redrive,
    answer,
    breakOwnTask,
    isRefused: () => oracle.isOwedRefused(fate),
  };
}

describe('a refusal of an owed call', () => {
  test('shows in the report', () => {
    const { begin, end, isRefused } = owed();
    end(begin('a'), 'Refused', 'conflict');
    expect(isRefused()).toBe(true);
  });

  test.each([
    ['GaveUp', 'deadline'],
    ['Refused', 'rejectedByEcs: ATTRIBUTE'],
  ] as const)('stays when another execution of the call ends later with %s %s', (error, message) => {
    const { begin, end, answer, isRefused } = owed();
    end(begin('a'), 'Refused', 'conflict');
    answer('t', 'ATTRIBUTE');
    end(begin('b'), error, message);
    expect(isRefused()).toBe(true);
  });

  test('stays when another execution of the call is redriven', () => {
    const { begin, end, redrive, fate, isRefused } = owed();
    const [a, b] = [begin('a'), begin('b')];
    end(a, 'Refused', 'conflict');
    end(b, 'GaveUp', 'deadline');
    redrive(b);
    expect([isRefused(), fate.reasons?.size]).toEqual([true, 1]);
  });

  test('counts no more when its own execution is redriven', () => {
    const { begin, end, redrive, fate, isRefused } = owed();
    const execution = begin('a');
    end(execution, 'Refused', 'conflict');
    redrive(execution);
    expect([isRefused(), fate.reasons?.size]).toEqual([false, 0]);
  });
});

test('several messages of one call that are refused are one refusal, for which there is no excuse', () => {
  const { oracle, records, refuseMessage, fate, isRefused } = owed();
  refuseMessage('first');
  refuseMessage('second');
  expect(records.refused).toEqual({ noClientToken: 1 });
  expect([isRefused(), oracle.isLost(fate)]).toEqual([true, false]);
});

describe('where only a task that failed to start is owed', () => {
  const withoutToken = () => {
    const failures = [{ reason: 'RESOURCE:MEMORY' }];
    const given = owed({ state: 'accepted', taskArns: ['own'], tokens: [], failures });
    given.breakOwnTask('Timeout waiting for network interface provisioning to complete.');
    return given;
  };

  test('a refusal of the rest of its call is none of it, nor a reason to leave it', () => {
    const { oracle, fate, begin, end, isRefused } = withoutToken();
    end(begin('rest'), 'Refused', 'noClientToken');
    expect([isRefused(), oracle.isLost(fate), oracle.isSettled(fate)]).toEqual([false, true, false]);
  });

  test('a refusal of the task is', () => {
    const { oracle, fate, begin, end, isRefused } = withoutToken();
    end(begin('task', { failedTask: { taskArn: 'own' } }), 'Refused', 'conflict');
    expect([isRefused(), oracle.isLost(fate), oracle.isSettled(fate)]).toEqual([true, false, true]);
  });
});

describe('a rejection by ECS', () => {
  test('is excused where ECS placed nowhere what the execution asked about', () => {
    const { begin, end, answer, isRefused } = owed();
    answer('t', 'ATTRIBUTE', 'ATTRIBUTE');
    end(begin('a'), 'Refused', 'rejectedByEcs: ATTRIBUTE; started: arn:aws:ecs:us-east-1:111122223333:task/batch/1');
    expect(isRefused()).toBe(false);
  });

  test('is excused again where a redriven execution is answered the same again', () => {
    const { begin, end, redrive, answer, isRefused } = owed();
    const execution = begin('a');
    for (const _ of [1, 2]) {
      redrive(execution);
      answer('t', 'ATTRIBUTE');
      end(execution, 'Refused', 'rejectedByEcs: ATTRIBUTE');
    }
    expect(isRefused()).toBe(false);
  });

  test('is not excused by a task that broke for another reason', () => {
    const { begin, end, breakOwnTask, isRefused } = owed();
    breakOwnTask('CannotPullContainerError: no such image');
    end(begin('a'), 'Refused', 'rejectedByEcs: AccessDeniedException');
    expect(isRefused()).toBe(true);
  });

  test('is not excused by what ECS answered to another execution', () => {
    const { begin, end, answer, isRefused } = owed();
    answer('t', 'ATTRIBUTE');
    end(begin('a'), 'Refused', 'rejectedByEcs: ATTRIBUTE');
    expect(isRefused()).toBe(false);
    end(begin('b'), 'Refused', 'rejectedByEcs: ATTRIBUTE');
    expect(isRefused()).toBe(true);
  });

  test('is not excused where ECS answered that there is no room', () => {
    const { begin, end, answer, isRefused } = owed();
    answer('t', 'RESOURCE:CPU', 'ATTRIBUTE');
    end(begin('a'), 'Refused', 'rejectedByEcs: RESOURCE:CPU');
    expect(isRefused()).toBe(true);
  });
});
