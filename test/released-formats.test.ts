import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { decodeHandOver } from '../lambda/core/events/hand-over.ts';
import { rateStateSchema } from '../lambda/core/rate/rate-state.ts';
import { roomsSchema } from '../lambda/core/rate/room-state.ts';
import { acceptanceSchema } from '../lambda/core/rerun/acceptance.ts';
import { launchRecordSchema } from '../lambda/core/rerun/launch-record.ts';
import { progressSchema, rerunInputSchema } from '../lambda/core/rerun/rerun-input.ts';
import { coverageSchema } from '../lambda/core/sweep/coverage.ts';
import { makeHandler as makeRateLimiter } from '../lambda/rate-limiter.ts';
import { makeHandler as makeRunTask } from '../lambda/run-task.ts';
import { dependenciesWith, sqsEvent } from './support/dependencies.ts';
import { HOME, NOW_MS } from './support/records.ts';

const RELEASED = new URL('./fixtures/released/', import.meta.url);
const versions = readdirSync(RELEASED);
const NOW = new Date(NOW_MS).toISOString();

/** By the file’s name. A version has those of its own formats. */
const SCHEMAS = [
  ['rerun-input', rerunInputSchema],
  ['rerun-input-failed-start', rerunInputSchema],
  ['rerun-input-without-room', rerunInputSchema],
  ['progress', progressSchema],
  ['progress-without-room', progressSchema],
  ['launch-record', launchRecordSchema],
  ['accepted', acceptanceSchema],
  ['coverage', coverageSchema],
  ['rate', rateStateSchema],
  ['rooms', roomsSchema],
] as const;

/** What outlives a deployment, in the words of each released version: files there are never changed, only added. */
describe.each(versions)('what version %s left behind', (version) => {
  const text = (name: string) => readFileSync(new URL(`${version}/${name}.json`, RELEASED), 'utf8');
  const left = (name: string) => JSON.parse(text(name));
  const kept = readdirSync(new URL(`${version}/`, RELEASED));

  test.each(SCHEMAS.filter(([name]) => kept.includes(`${name}.json`)))(
    'is read today, and nothing of it is lost: %s',
    (name, schema) => {
      expect(schema.parse(left(name))).toMatchObject(left(name));
    },
  );

  test('an execution that waits for its attempt is launched', async () => {
    const tasks = [1, 2].map((n) => ({ taskArn: `task-${n}`, createdAt: new Date(NOW_MS) }));
    const anything = { clusters: ['*'], families: ['*'], callers: [{ arn: '*' }] };
    const world = dependenciesWith({ ecs: () => ({ tasks, failures: [] }) }, anything);
    const rerun = left('rerun-input');
    const reply = await makeRunTask(world.dependencies)({
      step: 'attempt',
      startedAt: rerun.call.eventTime,
      rerun,
      progress: null,
      permit: { grantedAt: NOW },
    });
    expect(reply).toMatchObject({ next: 'finish', result: 'started' });
    expect(world.named('RunTaskCommand').map(({ input }) => input)).toEqual([rerun.request]);
  });

  test('a parked execution gets its permit', async () => {
    const world = dependenciesWith({});
    const message = { ...left('parked-message'), parkedUntil: new Date(NOW_MS + 900_000).toISOString() };
    const { batchItemFailures } = await makeRateLimiter(world.dependencies)(sqsEvent(JSON.stringify(message)));
    expect(batchItemFailures).toEqual([]);
    expect(world.named('SendTaskSuccessCommand').map(({ input }) => input.taskToken)).toEqual([message.taskToken]);
  });

  test.each(['rejected', 'never-attempted'])('a call that was handed over is decoded: %s', (name) => {
    const caller = { principalArn: 'arn:aws:iam::111122223333:role/cron', principalId: 'AROACRON' };
    const body = text(`handed-over-${name}`);
    const decoded = decodeHandOver({ messageId: 'message-1', body, sentAtMs: NOW_MS, caller }, HOME);
    expect(decoded).toMatchObject({ kind: 'handedOverCall' });
  });
});
