import { playIncidents, STORM } from './incident.ts';

const REPORTER = 'arn:aws:sts::111122223333:assumed-role/cron/session';

/** The same storm, with tasks of a role that nobody lists: ECS rejects their re-runs, and each of these has an execution. */
const SCENARIO = {
  ...STORM,
  remediation: { config: { ...STORM.remediation.config, families: ['report', 'invoice'] } },
  account: {
    ...STORM.account,
    taskDefinitions: [
      ...STORM.account.taskDefinitions,
      { family: 'invoice', revision: 4, taskRoleArn: 'arn:aws:iam::111122223333:role/invoice' },
    ],
  },
  callers: [
    ...STORM.callers,
    {
      name: 'invoices',
      principalArn: REPORTER,
      calls: 20,
      overSeconds: 3,
      maxAttempts: 1,
      request: { cluster: 'batch', taskDefinition: 'invoice:4' },
    },
  ],
};

/** The parts of docs/mails.md, by the name in their marks: mails as people get them from a small storm in the lab. */
export async function mails(): Promise<Readonly<Record<string, string>>> {
  const { run } = await playIncidents(SCENARIO);
  const mail = (name: string, ...texts: readonly string[]): string => {
    const [found] = run.world.sns.published.filter(({ subject = '', message }) =>
      texts.every((text) => `${subject}\n${message}`.includes(text)),
    );
    if (!found) throw new Error(`${name}: expected a mail with ${texts.join(', ')}`);
    return `\`\`\`text\nSubject: ${found.subject}\n\n${found.message}\n\`\`\``;
  };
  return {
    execution: mail('execution', 'rejectedByEcs', 'A throttled RunTask call'),
    event: mail('event', 'hiddenEnvironment', 'In the hour until'),
    incident: mail('incident', 'ECS throttling: '),
  };
}
