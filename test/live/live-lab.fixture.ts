import { readFileSync } from 'node:fs';
import { devNull } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type LiveLab, type LiveLabOptions, startLiveLab } from '../../lab/live/live-lab.ts';
import { readScenario } from '../../lab/scenario/scenario.ts';

export const LIVE_SCENARIO = fileURLToPath(new URL('../../lab/scenarios/live.json', import.meta.url));

/** The live lab with the scenario that people start it with, in this process. */
export async function startLive(options: LiveLabOptions = {}): Promise<LiveLab & { end(): Promise<void> }> {
  const lab = await startLiveLab(readScenario(readFileSync(LIVE_SCENARIO, 'utf8'), 'live.json'), options);
  const over = lab.run();
  return {
    ...lab,
    end: async () => {
      lab.close();
      await over;
    },
  };
}

/** What a client finds around it: nothing of whoever runs the tests. */
export const clientEnvironment = (role = 'scheduler') => ({
  PATH: '/usr/local/bin:/usr/bin:/bin',
  AWS_ACCESS_KEY_ID: role,
  AWS_SECRET_ACCESS_KEY: 'lab',
  AWS_REGION: 'us-east-1',
  AWS_DEFAULT_REGION: 'us-east-1',
  AWS_CONFIG_FILE: devNull,
  AWS_SHARED_CREDENTIALS_FILE: devNull,
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_MAX_ATTEMPTS: '1',
  AWS_PAGER: '',
  PYTHONDONTWRITEBYTECODE: '1',
});
