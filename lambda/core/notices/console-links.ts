import { parseArn } from '../arn.ts';

/**
 * Links into the console. That they lead where they say is untested here; those to Logs Insights are in a form that AWS
 * does not document.
 */
export interface ConsoleLinks {
  readonly executions: string;
  execution(arn: string): string;
  dashboard(name: string): string;
  /** A query in Logs Insights, over a time in milliseconds since the epoch; log groups by their names, or as links have them. */
  query(text: string, logGroups: readonly string[] | string, fromMs: number, toMs: number): string;
}

/** Consoles of partitions other than `aws`. */
const DOMAINS: Readonly<Record<string, string>> = {
  'aws-cn': 'console.amazonaws.cn',
  'aws-us-gov': 'console.amazonaws-us-gov.com',
  'aws-eusc': 'console.amazonaws-eusc.eu',
};

/** Links to what belongs to a state machine, which says the Region and the partition. */
export function consoleLinks(stateMachineArn: string): ConsoleLinks {
  const { partition = 'aws', region = '' } = parseArn(stateMachineArn) ?? {};
  const console = `https://${region}.${DOMAINS[partition] ?? 'console.aws.amazon.com'}/`;
  const page = (service: string, rest: string) => `${console}${service}/home?region=${region}#${rest}`;
  return {
    executions: page('states', `/statemachines/view/${stateMachineArn}`),
    execution: (arn) => page('states', `/v2/executions/details/${arn}`),
    dashboard: (name) => page('cloudwatch', `dashboards/dashboard/${name}`),
    query: (text, logGroups, fromMs, toMs) => {
      const groups = typeof logGroups === 'string' ? logGroups : logGroups.map((name) => `~'${starred(name)}`).join('');
      const detail = `(end~'${instant(toMs)}~start~'${instant(fromMs)}~timeType~'ABSOLUTE~tz~'UTC~editorString~'${starred(text)}~source~(${groups}))`;
      return page('cloudwatch', `logsV2:logs-insights$3FqueryDetail$3D~${detail}`);
    },
  };
}

const instant = (milliseconds: number) => starred(new Date(milliseconds).toISOString());

/** Text in such a link: all but letters, digits, `_`, `-` and `.` as `*` and two hexadecimal digits. */
const starred = (text: string) =>
  [...Buffer.from(text)]
    .map((byte) => String.fromCharCode(byte))
    .map((char) => (/[\w.-]/.test(char) ? char : `*${char.charCodeAt(0).toString(16).padStart(2, '0')}`))
    .join('');
