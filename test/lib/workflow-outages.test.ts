import { expect, test } from 'vitest';
import { execute, type HistoryStep, parseDefinition, StatesError, type TaskCall } from '../../lab/asl/index.ts';
import { VirtualClock } from '../../lab/kernel/clock.ts';
import { randomStream } from '../../lab/kernel/random.ts';
import { events } from '../lab/asl/support.ts';
import { Synthesized } from '../support/stacks.ts';

const definition = parseDefinition(new Synthesized({}).definition('RerunStateMachine'));

/** Plays a re-run that gets its permit, and whose function is then refused by this error for good. */
async function refused(error: string) {
  const clock = new VirtualClock();
  const startedAt = new Date(clock.now()).toISOString();
  const history: HistoryStep[] = [];
  const runTask = async ({ resource }: TaskCall) => {
    if (resource.includes(':sqs:')) return {};
    throw new StatesError(error, 'refused');
  };
  const execution = execute(
    definition,
    { callId: 'c', call: { family: 'report' }, request: {}, settleUntil: startedAt, deadline: startedAt },
    { clock, random: randomStream(1, 'refused'), runTask, onHistory: (step) => void history.push(step) },
    { Execution: { Id: 'execution', StartTime: startedAt, RedriveCount: 0 }, StateMachine: { Name: 'machine' } },
  );
  const [result] = await Promise.all([execution, clock.run()]);
  return { ...result, hours: clock.elapsedSeconds() / 3600, events: events(history) };
}

test.each(['Lambda.ServiceException', 'Lambda.TooManyRequestsException'])(
  'a re-run whose function is refused by %s tries again for half a day, with few of the 25,000 events of its history',
  async (error) => {
    const end = await refused(error);
    expect(end).toMatchObject({ status: 'FAILED', error });
    expect(end.hours).toBeGreaterThan(11);
    expect(end.events).toBeLessThan(1_200);
  },
);
