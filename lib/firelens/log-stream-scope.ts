/**
 * Whether the lines that a container sends through FireLens go to a separate log stream for each task, judged by the options of
 * its `awsfirelens` log driver. Facts about the two CloudWatch plugins are from their sources and pages:
 * - C, `cloudwatch_logs`: https://docs.fluentbit.io/manual/data-pipeline/outputs/cloudwatch,
 *   https://github.com/fluent/fluent-bit/tree/master/plugins/out_cloudwatch_logs
 * - Go, `cloudwatch`: https://github.com/aws/amazon-cloudwatch-logs-for-fluent-bit#templating-log-group-and-stream-names
 */
export type LogStreamScope =
  /** One stream for each task. */
  | { readonly kind: 'perTask' }
  /** Every task that is launched writes into one stream. */
  | { readonly kind: 'shared'; readonly reason: string; readonly fix: string }
  /** Fluent Bit does not start with these options, or CloudWatch Logs refuses the name. */
  | { readonly kind: 'rejected'; readonly reason: string; readonly fix: string }
  /** Not known at synth. */
  | { readonly kind: 'unknown'; readonly reason: string }
  /** The lines do not go to CloudWatch Logs. */
  | { readonly kind: 'notCloudWatch' };

/** The relevant facts about the container that routes the lines. */
export interface LogRouter {
  /** `s3` or `file`, if the router also reads a configuration from there, besides the one that ECS makes from the options. */
  readonly configFileType?: string;
  /** Its image, if the name is known at synth. */
  readonly image?: string;
}

/** Options of the log driver. Values that are not strings are not known at synth. */
type Options = Readonly<Record<string, unknown>>;

const PER_TASK: LogStreamScope = { kind: 'perTask' };
/** FireLens tags lines `{container}-firelens-{task id}`, and both plugins append the tag to the prefix. */
const PREFIX = 'log_stream_prefix, to which the tag "{container}-firelens-{task id}" is appended';

const FIX_C = `Replace log_stream_name by ${PREFIX}; PerTaskFireLens does it.`;
const FIX_GO = `Put $(ecs_task_id) into log_stream_name, or change to the plugin cloudwatch_logs with ${PREFIX}.`;

/** Which tasks share the stream that these options name. */
export function logStreamScope(options: Options, router: LogRouter = {}): LogStreamScope {
  // Fluent Bit reads keys in any case.
  const known = Object.fromEntries(Object.entries(options).map(([key, value]) => [key.toLowerCase(), value]));
  switch (known.name) {
    case 'cloudwatch_logs':
      return ofCPlugin(known, router);
    case 'cloudwatch':
      return ofGoPlugin(known, router);
    case undefined:
      return { kind: 'unknown', reason: withoutPlugin(known, router) };
    default:
      return typeof known.name === 'string'
        ? { kind: 'notCloudWatch' }
        : { kind: 'unknown', reason: 'the plugin in Name is not known at synth' };
  }
}

function withoutPlugin(options: Options, { configFileType }: LogRouter): string {
  if (options['@type'] !== undefined) return 'plugins of Fluentd (@type) are not looked into';
  return configFileType
    ? `the outputs are in a configuration file (config-file-type ${configFileType}), which is not read at synth`
    : 'no output plugin is named (Name)';
}

function ofCPlugin(options: Options, router: LogRouter): LogStreamScope {
  const byName = ofNameOrPrefix(options, router, FIX_C);
  const { log_stream_template: template } = options;
  // Even with a template, the plugin needs a name or a prefix as a fallback.
  if (template === undefined || byName.kind === 'rejected') return byName;
  if (typeof template !== 'string') return { kind: 'unknown', reason: 'log_stream_template is not known at synth' };
  // The other plugin's syntax is never translated, https://github.com/aws/amazon-cloudwatch-logs-for-fluent-bit/issues/289
  if (template.includes('$(')) return byName;
  if (/\$(?:TAG(?!\[[1-9])|container_id\b)/.test(template)) return PER_TASK;
  if (/\$ecs_task_arn\b/.test(template)) {
    const reason = `log_stream_template "${template}" makes names with a colon, which CloudWatch Logs refuses`;
    return { kind: 'rejected', reason, fix: FIX_C };
  }
  return template.includes('$')
    ? { kind: 'unknown', reason: `log_stream_template "${template}" depends on what the lines hold` }
    : { kind: 'shared', reason: `log_stream_template "${template}" is the same for all tasks`, fix: FIX_C };
}

/** Variables of the Go plugin that are different for each task. FireLens's tags have no dots, so their first part is the whole tag. */
const GO_VARIABLE = /\$\((?:ecs_task_id|ecs_task_arn|container_id|uuid|tag(?:\[0\])?)\)/;

function ofGoPlugin(options: Options, router: LogRouter): LogStreamScope {
  const { log_stream_name: name } = options;
  const byName = ofNameOrPrefix(options, router, FIX_GO);
  if (typeof name !== 'string' || byName.kind === 'rejected' || !name.includes('$(')) return byName;
  if (GO_VARIABLE.test(name)) return PER_TASK;
  return { kind: 'unknown', reason: `log_stream_name "${name}" depends on what the lines hold` };
}

/** Rules of both plugins: exactly one of the two options, and variables of the environment. */
function ofNameOrPrefix(options: Options, router: LogRouter, fix: string): LogStreamScope {
  const { log_stream_name: name, log_stream_prefix: prefix } = options;
  if ((name === undefined) === (prefix === undefined)) {
    const found = name === undefined ? 'neither' : 'both';
    const reason = `expected one of log_stream_name and log_stream_prefix, found ${found}: Fluent Bit does not start`;
    return { kind: 'rejected', reason, fix: `Use ${PREFIX}, alone.` };
  }
  if (prefix !== undefined) return PER_TASK;
  if (typeof name !== 'string') return { kind: 'unknown', reason: 'log_stream_name is not known at synth' };
  const [, variable] = /\$\{(\w+)\}/.exec(name) ?? [];
  if (variable === 'ECS_TASK_ID') return ofTaskIdVariable(name, router, fix);
  return variable
    ? { kind: 'unknown', reason: `log_stream_name "${name}" depends on the router's environment` }
    : { kind: 'shared', reason: `log_stream_name "${name}" is the same for all tasks`, fix };
}

/** https://github.com/aws/aws-for-fluent-bit/tree/mainline/use_cases/init-process-for-fluent-bit */
function ofTaskIdVariable(name: string, { image }: LogRouter, fix: string): LogStreamScope {
  if (image && /:init-/.test(image)) return PER_TASK;
  return image && /\/aws-for-fluent-bit:/.test(image)
    ? { kind: 'shared', reason: `log_stream_name "${name}": only images tagged init-* set ECS_TASK_ID`, fix }
    : { kind: 'unknown', reason: `log_stream_name "${name}": only images tagged init-* set ECS_TASK_ID` };
}
