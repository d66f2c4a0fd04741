/**
 * Links into the console, as JSONata for where the Region and the partition are known at last: in an execution. That
 * they lead where they say is untested here; those to Logs Insights are in a form that AWS does not document.
 */

/** What the links are made with: bindings that come before them. */
export const LINK_BINDINGS = [
  "$arn := $split($states.context.StateMachine.Id, ':')",
  '$region := $arn[3]',
  "$domain := $lookup({ 'aws-cn': 'console.amazonaws.cn', 'aws-us-gov': 'console.amazonaws-us-gov.com' }, $arn[1])",
  "$console := 'https://' & $region & '.' & ($exists($domain) ? $domain : 'console.aws.amazon.com') & '/'",
] as const;

const page = (service: string, rest: string) => `$console & "${service}/home?region=" & $region & "#${rest}"`;

export const executionsLink = (stateMachineArn: string) => page('states', `/statemachines/view/${stateMachineArn}`);

export const dashboardLink = (name: string) => page('cloudwatch', `dashboards/dashboard/${name}`);

/** A query in Logs Insights, over the time from `$since` to `$to`, both in milliseconds since the epoch. */
export function queryLink(text: string, logGroupNames: readonly string[]): string {
  const time = (milliseconds: string) => `$replace($fromMillis(${milliseconds}), ':', '*3a')`;
  return [
    page('cloudwatch', "logsV2:logs-insights$3FqueryDetail$3D~(end~'"),
    time('$to'),
    `"~start~'"`,
    time('$since'),
    `"~timeType~'ABSOLUTE~tz~'UTC~editorString~'${starred(text)}~source~("`,
    ...logGroupNames.map((name) => `"~'" & $replace('${name}', '/', '*2f')`),
    '"))"',
  ].join(' & ');
}

/** Text in such a link: all but letters, digits, `_`, `-` and `.` as `*` and two hexadecimal digits. */
const starred = (text: string) =>
  [...Buffer.from(text)]
    .map((byte) => String.fromCharCode(byte))
    .map((char) => (/[\w.-]/.test(char) ? char : `*${char.charCodeAt(0).toString(16).padStart(2, '0')}`))
    .join('');
