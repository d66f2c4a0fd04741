import { expect, test } from 'vitest';
import { UnsupportedError } from '../../../lab/kernel/aws-service.ts';
import { intervalMs } from '../../../lab/stack/options.ts';

test.each([
  ['rate(1 minute)', 60_000],
  ['rate(15 minutes)', 15 * 60_000],
  ['rate(1 hour)', 3_600_000],
  ['rate(1 day)', 86_400_000],
])('a schedule of %s recurs', (expression, milliseconds) => {
  expect(intervalMs(expression)).toBe(milliseconds);
});

test.each(['cron(0 3 * * ? *)', 'rate(1 week)', 'at(2026-01-15T03:00:00)'])(
  'a schedule that the lab does not know is a loud error: %s',
  (expression) => {
    expect(() => intervalMs(expression)).toThrow(UnsupportedError);
    expect(() => intervalMs(expression)).toThrow(expression);
  },
);
