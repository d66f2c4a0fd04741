import { readFileSync } from 'node:fs';
import type { JsonObject } from '../../../lab/kernel/json.ts';

/** One of the scenarios that the lab comes with, of few calls: more of them ask the same again. */
export function scenarioOf(name: string): JsonObject {
  const scenario = JSON.parse(readFileSync(new URL(`../../../lab/scenarios/${name}`, import.meta.url), 'utf8'));
  return { ...scenario, callers: scenario.callers.map((caller: JsonObject) => ({ ...caller, calls: 50 })) };
}

const SERVICE_THROTTLED = {
  version: '0',
  id: '00000000-0000-4000-8000-000000000001',
  'detail-type': 'ECS Service Action',
  source: 'aws.ecs',
  account: '111122223333',
  time: '2026-01-15T03:00:05Z',
  region: 'us-east-1',
  resources: ['arn:aws:ecs:us-east-1:111122223333:service/night/api'],
  detail: {
    eventType: 'ERROR',
    eventName: 'ECS_OPERATION_THROTTLED',
    clusterArn: 'arn:aws:ecs:us-east-1:111122223333:cluster/night',
    createdAt: '2026-01-15T03:00:05.000Z',
  },
};

/** Faults apart, everything in it: starts that fail, a service's throttle, calls that cannot be repeated. */
export function eventful(): JsonObject {
  const { account, callers, faults: _, ...rest } = scenarioOf('faults.json');
  const [caller] = callers as JsonObject[];
  const stoppedReason = 'Timeout waiting for network interface provisioning to complete.';
  const without = {
    ...caller,
    name: 'without token',
    calls: 5,
    request: { ...(caller?.request as JsonObject), clientToken: null },
  };
  return {
    ...rest,
    account: {
      ...(account as JsonObject),
      startFailures: [{ family: 'nightly-report', probability: 0.2, stoppedReason }],
    },
    callers: [caller as JsonObject, without],
    events: [{ at: 5, event: SERVICE_THROTTLED }],
  };
}
