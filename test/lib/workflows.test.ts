import validate from 'asl-validator';
import { describe, expect, test } from 'vitest';
import { ERROR_NAMES, STATES, SWEEP_STATES } from '../../lambda/core/contract.ts';
import { Synthesized } from '../support/stacks.ts';

const synthesized = new Synthesized({});
const rerun = synthesized.definition('RerunStateMachine');
const digest = synthesized.definition('NotificationsDigest');
const sweep = synthesized.definition('SweepStateMachine');
const incident = synthesized.definition('IncidentsStateMachine');

describe.each([
  ['re-run', rerun],
  ['digest', digest],
  ['sweep', sweep],
  ['incident', incident],
])('the %s workflow', (_, definition) => {
  test('is valid Amazon States Language, its JSONata included', () => {
    const { isValid, errorsText } = validate(structuredClone(definition));
    expect(errorsText('\n')).toBe('');
    expect(isValid).toBe(true);
    expect(definition.QueryLanguage).toBe('JSONata');
  });

  test('would not pass with a broken expression or transition', () => {
    const [first, second] = Object.keys(definition.States) as [string, string];
    const broken = structuredClone(definition);
    broken.States[first].Next = 'Nowhere';
    expect(validate(broken).isValid).toBe(false);
    const mistyped = structuredClone(definition);
    mistyped.States[second].Type === 'Wait'
      ? Object.assign(mistyped.States[second], { Timestamp: '{% $notice. %}' })
      : Object.assign(mistyped.States[second], { TimeoutSeconds: '{% $max([1, %}' });
    expect(validate(mistyped).isValid).toBe(false);
  });
});

describe('the re-run workflow', () => {
  test('has the states that the contract names, and no others', () => {
    expect(Object.keys(rerun.States).sort()).toEqual(Object.values(STATES).sort());
    expect(rerun.StartAt).toBe(STATES.settle);
  });

  test('goes from its record to its task, and back to the rate limiter after a back-off', () => {
    const path = [STATES.settle, STATES.waitForPermit, STATES.runTask].map((name) => rerun.States[name].Next);
    expect(path).toEqual([STATES.isComplete, STATES.runTask, STATES.next]);
    expect(rerun.States[STATES.isComplete]).toMatchObject({
      Choices: [{ Next: STATES.waitForPermit }],
      Default: STATES.complete,
    });
    expect(rerun.States[STATES.backOff]).toMatchObject({ Type: 'Wait', Next: STATES.waitForPermit });
    expect(rerun.States[STATES.waitForProof]).toMatchObject({ Type: 'Wait', Next: STATES.runTask });
    expect(rerun.States[STATES.next]).toMatchObject({
      Choices: [{ Next: STATES.backOff }, { Next: STATES.waitForProof }],
      Default: STATES.started,
    });
    expect(rerun.States[STATES.started]).toEqual({ Type: 'Succeed' });
  });

  test('parks anew after a permit that did not come, as long as there is time', () => {
    const waitForPermit = rerun.States[STATES.waitForPermit];
    expect(waitForPermit.Retry[0]).toEqual({ ErrorEquals: ['States.Timeout'], MaxAttempts: 0 });
    expect(waitForPermit.Catch).toEqual([
      { ErrorEquals: ['States.ALL'], Assign: { permit: null }, Next: STATES.stillInTime },
    ]);
    expect(waitForPermit.TimeoutSeconds).toContain('3600');
    expect(rerun.States[STATES.stillInTime]).toMatchObject({
      Choices: [{ Next: STATES.waitForPermit }],
      Default: STATES.runTask,
    });
  });

  test('asks for a permit seldom while that fails: an execution has room for 25,000 events', () => {
    expect(rerun.States[STATES.waitForPermit].Retry[1]).toEqual(rerun.States[STATES.runTask].Retry[2]);
  });

  test('completes the request of a task that failed to start, and waits while its record is late', () => {
    expect(rerun.States[STATES.complete].Next).toBe(STATES.isCompleted);
    expect(rerun.States[STATES.isCompleted]).toMatchObject({
      Choices: [{ Next: STATES.waitForPermit }, { Next: STATES.waitForRecord }],
      Default: STATES.ignored,
    });
    expect(rerun.States[STATES.waitForRecord]).toMatchObject({ Type: 'Wait', Next: STATES.complete });
    expect(rerun.States[STATES.ignored]).toEqual({ Type: 'Succeed' });
  });

  test.each([STATES.runTask, STATES.complete])(
    'tries "%s" again but not after the handler ended the re-run itself',
    (name) => {
      const { Retry, Catch } = rerun.States[name];
      expect(Retry[0]).toEqual({ ErrorEquals: Object.values(ERROR_NAMES), MaxAttempts: 0 });
      // Where the account runs no more functions at once: waits that grow slowly, for half a day too.
      expect(Retry[1]).toMatchObject({
        ErrorEquals: ['Lambda.TooManyRequestsException'],
        JitterStrategy: 'FULL',
        IntervalSeconds: 1,
        BackoffRate: 1.1,
        MaxDelaySeconds: 300,
        MaxAttempts: 350,
      });
      // Half a day of Lambda's outages: waits of two and a half minutes on average.
      expect(Retry[2]).toMatchObject({
        ErrorEquals: ['States.ALL'],
        JitterStrategy: 'FULL',
        MaxDelaySeconds: 300,
        MaxAttempts: 300,
      });
      expect(Catch).toBeUndefined();
    },
  );
});

describe('the sweep workflow', () => {
  test('has the states that the contract names, and no others', () => {
    expect(Object.keys(sweep.States).sort()).toEqual(Object.values(SWEEP_STATES).sort());
    expect(sweep.StartAt).toBe(SWEEP_STATES.begin);
  });

  test('looks until it is quiet, and reads on at once where a pass is not whole', () => {
    const { begin, pass, next, wait, quiet } = SWEEP_STATES;
    expect([begin, pass, wait].map((name) => sweep.States[name].Next)).toEqual([next, next, pass]);
    expect(sweep.States[next]).toMatchObject({ Choices: [{ Next: pass }, { Next: wait }], Default: quiet });
    expect(sweep.States[quiet]).toEqual({ Type: 'Succeed' });
  });
});
