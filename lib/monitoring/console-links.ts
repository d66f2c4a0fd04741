/**
 * Links into the console, as JSONata: only an execution knows the Region and the partition. Whether the links lead to the
 * right pages is not tested here. AWS does not document the form of links to Logs Insights.
 */

/** Bindings that the links need. They come before them. */
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

/** Encodes text for such a link: characters other than letters, digits, `_`, `-` and `.` become `*` and two hexadecimal digits. */
const starred = (text: string) =>
  [...Buffer.from(text)]
    .map((byte) => String.fromCharCode(byte))
    .map((char) => (/[\w.-]/.test(char) ? char : `*${char.charCodeAt(0).toString(16).padStart(2, '0')}`))
    .join('');
