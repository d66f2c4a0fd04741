import { readFileSync } from 'node:fs';
import { type BusEvent, decodeEvent } from '../../lambda/core/events/event.ts';
import type { RunTaskRequest } from '../../lambda/core/events/run-task-request.ts';
import type { RerunInput } from '../../lambda/core/rerun/rerun-input.ts';
import type { Settings } from '../../lambda/core/settings.ts';
import { settingsSchema } from '../../lambda/core/settings.ts';
import { decide } from '../../lambda/core/verdict/decide.ts';
import type { Verdict, VerdictContext } from '../../lambda/core/verdict/verdict.ts';

export const ACCOUNT = '111122223333';
export const HOME = { account: ACCOUNT, region: 'us-east-1' };
/** When the calls of the fixtures were made. */
export const EVENT_TIME_MS = Date.UTC(2026, 0, 15, 3, 0, 0);
/** A minute later their records arrive. */
export const NOW_MS = EVENT_TIME_MS + 60_000;
export const CRON_ROLE = `arn:aws:iam::${ACCOUNT}:role/jobs/cron`;
export const AIRFLOW_ROLE = `arn:aws:iam::${ACCOUNT}:role/airflow`;
export const OPS_USER = `arn:aws:iam::${ACCOUNT}:user/ops`;
export const OWN_ROLE = `arn:aws:iam::${ACCOUNT}:role/EcsThrottleRemediation-RunTask`;

/** What the owner of the fixtures' account allows. */
export const SETTINGS: Settings = settingsSchema.parse({
  mode: 'rerun',
  clusters: ['batch', 'default'],
  families: ['report'],
  callers: [CRON_ROLE, OPS_USER, { arn: AIRFLOW_ROLE, retriesItself: true }],
});

export const CONTEXT: VerdictContext = {
  awsEnvironment: HOME,
  ownRoleArn: OWN_ROLE,
  settings: SETTINGS,
  nowMs: NOW_MS,
};

type Json = Record<string, unknown>;

/** The text of `test/fixtures/<name>.json`. */
export function fixtureText(name: string): string {
  return readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8');
}

/** What to change of a fixture: members to replace in the envelope, the record, and the request. */
export interface Changes {
  readonly envelope?: Json;
  readonly detail?: Json;
  readonly request?: Json;
}

/** The text of the plain throttle's event with small changes; a member changed to undefined is left out. */
export function eventText({ envelope = {}, detail = {}, request = {} }: Changes = {}): string {
  const event = JSON.parse(fixtureText('rerun-plain-throttle'));
  const requestParameters = { ...event.detail.requestParameters, ...request };
  return JSON.stringify({ ...event, ...envelope, detail: { ...event.detail, requestParameters, ...detail } });
}

export function decoded(text: string): BusEvent {
  const event = decodeEvent(text);
  if (!('kind' in event)) throw new Error(`expected an event that can be decoded: ${event.problems.join('; ')}`);
  return event;
}

/** The verdict on the plain throttle with small changes to it, to the settings and to the time. */
export function verdictOn(changes: Changes, settings: Partial<Settings> = {}, nowMs = NOW_MS): Verdict {
  return decide(decoded(eventText(changes)), { ...CONTEXT, settings: { ...SETTINGS, ...settings }, nowMs });
}

/** What an execution is started with for the plain throttle with small changes. */
export function rerunOf(changes: Changes = {}): RerunInput & { readonly request: RunTaskRequest } {
  const verdict = verdictOn(changes);
  if (verdict.kind !== 'rerun' || !verdict.input.request) throw new Error(`expected a re-run, found ${verdict.kind}`);
  return { ...verdict.input, request: verdict.input.request };
}

/** The ARN of the task that failed to start. */
export const TASK_ARN = `arn:aws:ecs:us-east-1:${ACCOUNT}:task/batch/0123456789abcdef0123456789abcdef`;
/** Two seconds before its task stopped, the call was accepted. */
export const CREATED_MS = EVENT_TIME_MS - 2000;

/** The text of a throttled start's event with small changes; a member changed to undefined is left out. */
export function stoppedText(detail: Json = {}, envelope: Json = {}): string {
  const event = JSON.parse(fixtureText('rerun-failed-start'));
  return JSON.stringify({ ...event, ...envelope, detail: { ...event.detail, ...detail } });
}

/** The verdict on the throttled start with small changes to it, to the settings and to the time. */
export function stoppedVerdictOn(detail: Json = {}, settings: Partial<Settings> = {}, nowMs = NOW_MS): Verdict {
  return decide(decoded(stoppedText(detail)), { ...CONTEXT, settings: { ...SETTINGS, ...settings }, nowMs });
}

/** The text of the same call's record where ECS accepted it and started `taskArns`. */
export function acceptedText(taskArns: readonly string[] = [TASK_ARN], failures: Json[] = [], changes: Changes = {}) {
  const responseElements = { tasks: taskArns.map((taskArn) => ({ taskArn })), failures };
  const detail = { errorCode: undefined, errorMessage: undefined, responseElements, ...changes.detail };
  return eventText({ ...changes, detail });
}
