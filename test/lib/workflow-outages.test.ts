import { expect, test } from 'vitest';
import { StatesError, type TaskCall } from '../../lab/asl/index.ts';
import { LAB_EPOCH_MS } from '../../lab/kernel/clock.ts';
import { CONTEXT, events, run } from '../lab/asl/support.ts';
import { Synthesized } from '../support/stacks.ts';

const definition = new Synthesized({}).definition('RerunStateMachine');

/** Plays a re-run that gets its permit, and whose function is then refused by this error for good. */
function refused(error: string) {
  const startedAt = new Date(LAB_EPOCH_MS).toISOString();
  const input = { callId: 'c', call: { family: 'report' }, request: {}, settleUntil: startedAt, deadline: startedAt };
  const runTask = async ({ resource }: TaskCall) => {
    if (resource.includes(':sqs:')) return {};
    throw new StatesError(error, 'refused');
  };
  const Execution = { Id: 'execution', StartTime: startedAt, RedriveCount: 0 };
  return run(definition, input, { runTask }, { ...CONTEXT, Execution });
}

test.each(['Lambda.ServiceException', 'Lambda.TooManyRequestsException'])(
  'a re-run whose function is refused by %s tries again for half a day, with few of the 25,000 events of its history',
  async (error) => {
    const end = await refused(error);
    expect(end).toMatchObject({ status: 'FAILED', error });
    expect(end.seconds / 3600).toBeGreaterThan(11);
    expect(events(end.history)).toBeLessThan(1_200);
  },
);
