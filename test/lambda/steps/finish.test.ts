import { describe, expect, test } from 'vitest';
import type { Result } from '../../../lambda/core/rerun/next-step.ts';
import { makeFinisher } from '../../../lambda/steps/finish.ts';
import { type Answers, awsError, dependenciesWith, failing } from '../../support/dependencies.ts';
import { CRON_ROLE, rerunOf } from '../../support/records.ts';

const rerun = { ...rerunOf(), lineage: { rootCallId: 'root', generation: 2 } };

/** Ends a re-run; `end` is the reply, or the error's name and message. */
async function finishing(result: Result, answers: Answers = {}, ended: typeof rerun | undefined = rerun) {
  const world = dependenciesWith(answers);
  const end: unknown = await makeFinisher(world.dependencies)(ended, result).catch((error: Error) => [
    error.name,
    error.message,
  ]);
  return { ...world, end };
}

describe('a re-run that ends', () => {
  test.each<[Result, unknown, boolean]>([
    [{ kind: 'started', taskArns: ['a'] }, { next: 'finish', result: 'started', taskArns: ['a'] }, false],
    [{ kind: 'alreadyStarted', taskArns: ['a'] }, { next: 'finish', result: 'alreadyStarted', taskArns: ['a'] }, false],
    [
      { kind: 'ignored', reason: 'callerNotListed' },
      { next: 'finish', result: 'ignored', reason: 'callerNotListed', taskArns: [] },
      false,
    ],
    [{ kind: 'gaveUp', reason: 'deadline', taskArns: [] }, ['GaveUp', 'deadline'], true],
    [{ kind: 'gaveUp', reason: 'maxAttempts', taskArns: ['a', 'b'] }, ['GaveUp', 'maxAttempts; started: a, b'], true],
    [{ kind: 'refused', reason: 'tooLate', taskArns: [] }, ['Refused', 'tooLate'], true],
    [
      { kind: 'refused', reason: 'rejectedByEcs', code: 'AccessDeniedException', taskArns: ['a'] },
      ['Refused', 'rejectedByEcs: AccessDeniedException; started: a'],
      true,
    ],
  ])('as %j replies or fails, with one line, and tells people where they must act', async (result, end, tells) => {
    const played = await finishing(result);
    expect(played.end).toEqual(end);
    const reason = 'reason' in result ? result.reason : undefined;
    expect(played.lines).toEqual([
      expect.objectContaining({
        message: 'result',
        kind: result.kind,
        reason,
        callId: rerun.callId,
        rootCallId: 'root',
        generation: 2,
        caller: CRON_ROLE,
        family: 'report',
      }),
    ]);
    expect(played.metrics.map(({ name, value }) => [name, value])).toEqual([
      ['Result', 1],
      ['WaitSeconds', 60],
    ]);
    expect(played.named('StartExecutionCommand')).toHaveLength(tells ? 1 : 0);
  });

  test.each(['notOptedIn', 'malformed'] as const)(
    'as %s tells people none of the names in it, and of all such re-runs in one group',
    async (reason) => {
      const groups = ['call 0900', 'somebody else'].map(async (text) => {
        const call = { ...rerun.call, caller: text, family: text };
        const { named } = await finishing({ kind: 'refused', reason, taskArns: [] }, {}, { ...rerun, call });
        return named('StartExecutionCommand').map(({ input }) => input);
      });
      const [one, other] = await Promise.all(groups);
      expect(one).toEqual(other);
      expect(one).toHaveLength(1);
      expect(JSON.stringify(one)).not.toContain('0900');
    },
  );

  test('is logged with the name of its execution, and people are told where it is', async () => {
    const world = dependenciesWith();
    const execution = 'arn:aws:states:us-east-1:111122223333:execution:rerun:report-1';
    const result: Result = { kind: 'gaveUp', reason: 'maxAttempts', taskArns: [] };
    await expect(makeFinisher(world.dependencies)(rerun, result, execution)).rejects.toThrow();
    expect(world.lines).toMatchObject([{ message: 'result', execution: 'report-1' }]);
    const [digest] = world.named('StartExecutionCommand');
    expect(JSON.parse(digest?.input.input).message).toContain(
      `redrive-execution --region us-east-1 --execution-arn ${execution}`,
    );
  });

  test('names the tasks that did start to whoever would repeat all of it by hand', async () => {
    const { lines } = await finishing({ kind: 'gaveUp', reason: 'deadline', taskArns: ['a'] });
    expect(lines).toMatchObject([{ taskArns: ['a'] }]);
  });

  test('under its own name where people could not be told: the workflow must not try it again', async () => {
    const { end, lines, told } = await finishing(
      { kind: 'refused', reason: 'tooLate', taskArns: [] },
      { sfn: failing([awsError('AccessDeniedException', 'canary')]) },
    );
    expect(end).toEqual(['Refused', 'tooLate']);
    expect(lines).toMatchObject([
      { message: 'result' },
      { level: 'error', message: 'people could not be told', reason: 'tooLate', error: 'AccessDeniedException' },
    ]);
    expect(told()).not.toContain('canary');
  });

  test('without anything known of it is reported all the same', async () => {
    const world = dependenciesWith();
    const result: Result = { kind: 'refused', reason: 'malformed', taskArns: [] };
    await expect(makeFinisher(world.dependencies)(undefined, result)).rejects.toThrow('malformed');
    expect(world.lines).toMatchObject([{ message: 'result', reason: 'malformed', caller: '' }]);
    expect(world.metrics.map(({ name }) => name)).toEqual(['Result']);
    expect(world.named('StartExecutionCommand')).toHaveLength(1);
  });
});
