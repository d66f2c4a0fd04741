import { describe, expect, test } from 'vitest';
import { settingsSchema } from '../../../lambda/core/settings.ts';
import { CRON_ROLE, SETTINGS } from '../../support/records.ts';

describe('settings', () => {
  test('left out re-run nothing, and only observe', () => {
    expect(settingsSchema.parse({})).toEqual({
      mode: 'observe',
      clusters: [],
      families: [],
      callers: [],
      allowedRoleOverrides: [],
      allowExecuteCommand: false,
      allowWithoutClientToken: false,
      graceSeconds: 30,
      maxAttempts: 8,
      maxGenerations: 3,
      deadlineSeconds: 3300,
      sweep: { everyMinutes: 15 },
      capacity: { rerun: true, deadlineSeconds: 7200 },
      rate: { initialPerSecond: 10, minPerSecond: 0.5, maxPerSecond: 500 },
    });
  });

  test('mean the same after the passage from construct to handler', () => {
    expect(settingsSchema.parse(JSON.parse(JSON.stringify(SETTINGS)))).toEqual(SETTINGS);
  });

  test('take a caller by ARN or with more about it', () => {
    const { callers } = settingsSchema.parse({ callers: [CRON_ROLE, { arn: '*', retriesItself: true }] });
    expect(callers).toEqual([{ arn: CRON_ROLE }, { arn: '*', retriesItself: true }]);
  });

  test.each([
    ['an unknown key', { brandNew: 1 }],
    ['a mode of its own', { mode: 'dry' }],
    ['an empty name', { clusters: [''] }],
    ['a caller with unknown members', { callers: [{ arn: CRON_ROLE, retries: true }] }],
    ['a deadline after which a token is no proof', { deadlineSeconds: 3301 }],
    ['room that is awaited for as long as a token of ours lives', { capacity: { deadlineSeconds: 82_801 } }],
    ['no attempt', { maxAttempts: 0 }],
    ['half an attempt', { maxAttempts: 1.5 }],
    ['a grace in the past', { graceSeconds: -1 }],
    ['no rate', { rate: { initialPerSecond: 0 } }],
    ['fewer generations than none', { maxGenerations: -1 }],
    ['a sweep in the middle of a minute', { sweep: { everyMinutes: 0.5 } }],
  ])('are refused with %s', (_, settings) => {
    expect(settingsSchema.safeParse(settings).success).toBe(false);
  });
});
