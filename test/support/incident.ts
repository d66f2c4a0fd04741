import { play, type Run } from '../../lab/run/run.ts';
import { readScenario } from '../../lab/scenario/scenario.ts';

const CRON = 'arn:aws:iam::111122223333:role/cron';
const caller = (name: string, calls: number, request: object) => ({
  name,
  principalArn: 'arn:aws:sts::111122223333:assumed-role/cron/session',
  calls,
  overSeconds: 3,
  maxAttempts: 2,
  request: { cluster: 'batch', taskDefinition: 'report:1', ...request },
});
const hidden = { overrides: { containerOverrides: [{ name: 'app', environment: [{ name: 'A', value: 'b' }] }] } };

/** A storm: calls that come back, calls that cannot, and those of somebody who is not listed. */
export const STORM = {
  name: 'incident',
  seed: 3,
  remediation: {
    config: { mode: 'rerun', clusters: ['batch'], families: ['report'], callers: [CRON] },
  },
  account: {
    throttledRecords: 'full',
    clusters: ['batch'],
    taskDefinitions: [{ family: 'report', revision: 1 }],
    buckets: { clusterResourceModify: { burst: 10, refillPerSecond: 5 } },
    disguisedShare: 0.2,
  },
  callers: [
    caller('plain', 60, {}),
    caller('hidden', 10, hidden),
    {
      name: 'web',
      principalArn: 'arn:aws:sts::111122223333:assumed-role/web/session',
      callsPerSecond: 1,
      untilDrained: true,
      maxAttempts: 1,
      request: { cluster: 'batch', taskDefinition: 'report:1' },
    },
  ],
};

/** Plays a scenario, and returns the incident reports that people got. */
export async function playIncidents(
  scenario: object,
): Promise<{ run: Run; reports: Run['world']['sns']['published'] }> {
  const run = await play(readScenario(JSON.stringify(scenario), 'test.json'), { enabled: true });
  return { run, reports: run.world.sns.published.filter(({ subject }) => subject?.startsWith('ECS throttling: ')) };
}
