import { GetTemplateCommand } from '@aws-sdk/client-cloudformation';
import { parseJson } from '../../lambda/core/json.ts';
import { type Settings, settingsSchema } from '../../lambda/core/settings.ts';
import type { Clients } from './clients.ts';
import type { Deployment } from './deployment.ts';

/** Where the template shows what stands in the settings file beside a handler's code. */
const SETTINGS_METADATA_KEY = 'ecs-throttle-remediation:settings';

/** What the stack's functions are set to, as the template shows it; undefined where that cannot be read. */
export async function settingsOf({ cloudFormation }: Clients, { name }: Deployment): Promise<Settings | undefined> {
  try {
    const { TemplateBody } = await cloudFormation.send(
      new GetTemplateCommand({ StackName: name, TemplateStage: 'Processed' }),
    );
    const template = parseJson(TemplateBody ?? '') as {
      Resources?: Record<string, { Metadata?: Record<string, unknown> }>;
    };
    const all = Object.values(template?.Resources ?? {}).map(({ Metadata }) => Metadata?.[SETTINGS_METADATA_KEY]);
    return settingsSchema.safeParse(all.find((settings) => settings !== undefined)).data;
  } catch {
    return undefined;
  }
}
