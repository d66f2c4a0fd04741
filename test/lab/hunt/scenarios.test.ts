import { expect, test } from 'vitest';
import { describeStorm, stormOf } from '../../../lab/hunt/scenarios.ts';
import { isRateCaller, readScenario } from '../../../lab/scenario/scenario.ts';

const NUMBERS = Array.from({ length: 200 }, (_, index) => index + 1);

test('every storm of a hunt is a scenario without faults, with calls to lose and room to bring them back', () => {
  for (const number of NUMBERS) {
    const { faults, callers, account } = readScenario(JSON.stringify(stormOf(number)), `hunt ${number}`);
    expect(faults).toEqual([]);
    const { burst, refillPerSecond } = account.buckets.clusterResourceModify;
    const others = callers.reduce((sum, caller) => sum + (isRateCaller(caller) ? caller.callsPerSecond : 0), 0);
    expect(others).toBeLessThan(0.8 * refillPerSecond);
    const calls = callers.reduce((sum, caller) => sum + (isRateCaller(caller) ? 0 : caller.calls), 0);
    expect(calls).toBeGreaterThan(burst + 300);
  }
});

test('a number’s storm is the same for ever, and no other’s', () => {
  expect(stormOf(7)).toEqual(stormOf(7));
  expect(new Set(NUMBERS.map((number) => describeStorm(stormOf(number)))).size).toBe(NUMBERS.length);
});

test('storms differ in what the rate has to cope with', () => {
  const said = NUMBERS.map((number) => describeStorm(stormOf(number)));
  for (const word of ['handed over', 'recorded', 'poisson', 'even', 'from', '90 to 400 s', ' x 3'])
    expect(said.some((text) => text.includes(word))).toBe(true);
});
