import { expect, test } from 'vitest';
import type { ApiRequest } from '../../../lab/aws/ecs/api-request.ts';
import { LAB_EPOCH_MS } from '../../../lab/kernel/clock.ts';
import { Series } from '../../../lab/report/series.ts';
import { tee } from '../../../lab/world/observers.ts';
import { METRICS } from '../../../lambda/core/contract.ts';

const ACCEPTED = { output: () => ({}) };
const request = (seconds: number, outcome: ApiRequest['outcome'], operation = 'RunTask') =>
  ({ operation, outcome, at: LAB_EPOCH_MS + seconds * 1000 }) as ApiRequest;
const refused = (code: string, message = '') => ({ code, message });

test('requests are counted by second, by whose they are, and by how ECS answered', () => {
  const series = new Series();
  const observer = series.listen({ now: () => LAB_EPOCH_MS, startedAt: LAB_EPOCH_MS });
  observer.request?.(request(0.2, ACCEPTED), false);
  observer.request?.(request(0.9, ACCEPTED), false);
  observer.request?.(request(2, ACCEPTED), true);
  observer.request?.(request(1, refused('ThrottlingException')), false);
  observer.request?.(request(1.5, refused('InvalidParameterException', 'x (ErrorCode: Throttling)')), false);
  observer.request?.(request(3, refused('ThrottlingException')), true);
  observer.request?.(request(1, refused('AccessDeniedException')), false);
  observer.request?.(request(1, ACCEPTED, 'DescribeTasks'), true);
  expect(series.counts).toEqual({
    callersAccepted: [2],
    callersThrottled: [0, 2],
    oursAccepted: [0, 0, 1],
    oursThrottled: [0, 0, 0, 1],
    permits: [],
  });
});

test('permits are counted when the rate limiter reports them', () => {
  let now = LAB_EPOCH_MS;
  const series = new Series();
  const observer = series.listen({ now: () => now, startedAt: LAB_EPOCH_MS });
  const metric = (name: string, value: number) =>
    observer.metric?.({ handler: 'rate-limiter', name, value, dimensions: {} });
  metric(METRICS.permit, 10);
  now += 1000;
  metric(METRICS.permit, 3);
  metric(METRICS.permit, 4);
  metric(METRICS.attempt, 1);
  expect(series.counts.permits).toEqual([10, 7]);
});

test('observers side by side all hear, and each hears only what it wants to', () => {
  const heard: string[] = [];
  const observer = tee({ delivered: () => heard.push('first') }, {}, { delivered: () => heard.push('third') });
  observer.delivered({}, 'm-1');
  observer.log({ handler: 'intake', level: 'info', message: 'verdict', fields: {} });
  expect(heard).toEqual(['first', 'third']);
});
