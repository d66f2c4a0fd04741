import { createHash } from 'node:crypto';
import { RunTaskCommand } from '@aws-sdk/client-ecs';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';

/** Names that always mean a throttle. */
const THROTTLES = new Set([
  'ThrottlingException',
  'Throttling',
  'ThrottledException',
  'RequestThrottled',
  'RequestThrottledException',
  'TooManyRequestsException',
  'RequestLimitExceeded',
  'EC2ThrottledException',
  'SlowDown',
  'ProvisionedThroughputExceededException',
  'KmsThrottlingException',
]);
/** Names of a failure on the service's side. */
const SERVICE_FAILURES = new Set([
  'ServerException',
  'InternalFailure',
  'InternalError',
  'InternalServerError',
  'InternalServerException',
  'ServiceUnavailable',
  'ServiceUnavailableException',
]);
/** Names under which ECS passes on what another service told it. */
const WRAPPERS = new Set(['InvalidParameterException', 'ClientException']);
/** Texts of a throttle of EC2 behind ECS, at a message's end: before it, messages quote names that the caller chose. */
const WRAPPED_THROTTLE =
  /(?:\(ErrorCode: (?:Throttling|ThrottlingException|ThrottledException|RequestLimitExceeded|RequestThrottled|RequestThrottledException|TooManyRequestsException)\)|: (?:Rate exceeded|Request limit exceeded)\.?(?: \([^()]*\)| \(\w*:? ?\w*)?)\.?$/;
/** The answer of a capacity provider that has as many tasks waiting as it may. */
const NO_ROOM = /^Tasks provisioning capacity limit exceeded\b/;
/** Want of room in an answer; ATTRIBUTE, LOCATION, MISSING and INACTIVE stay as they are however often one asks. */
const PASSING_FAILURE =
  /^(?:RESOURCE:|AGENT|Capacity is unavailable at this time|You['’]ve reached the limit on the number of (?:vCPUs|tasks))/;

export function mayPass({ code, message, status = 0 }) {
  if (THROTTLES.has(code) || SERVICE_FAILURES.has(code) || status === 429 || status >= 500) return true;
  if (code === 'ClientException' && NO_ROOM.test(message)) return true;
  return WRAPPERS.has(code) && WRAPPED_THROTTLE.test(message);
}

export function isPassingFailure(reason) {
  return PASSING_FAILURE.test(reason);
}

export function clientTokenOf(key, { cluster, taskDefinition }) {
  const clusterName = (cluster || 'default').split('/').at(-1);
  const family = String(taskDefinition).split('/').at(-1).split(':')[0];
  const hash = createHash('sha256').update(`${clusterName}\n${family}\n${key}`).digest('hex');
  // The beginning says that the token names one call for ever.
  return `once-${hash.slice(0, 48)}`;
}

export async function runTaskOrHandOver(ecs, input, options) {
  const { queueUrl, key, sqs = sqsLike(ecs) } = options;
  if (!input.clientToken && (typeof key !== 'string' || key === '')) {
    const expected = 'expected one of them, which names the job and not the try';
    throw new TypeError(`runTaskOrHandOver: found neither options.key nor input.clientToken, ${expected}`);
  }
  await checkRegion(ecs, queueUrl);
  // A copy: two calls that share an input must not share a token.
  const request = { ...structuredClone(input), clientToken: input.clientToken || clientTokenOf(key, input) };
  const firstAttemptAt = new Date().toISOString();
  const handOver = async (outcome) => {
    const MessageBody = JSON.stringify({ request, ...outcome, firstAttemptAt });
    return (await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody }))).MessageId;
  };

  const { error, requestIds, tasks = [], failures = [] } = await runTask(ecs, request);
  if (error) {
    const { name: code, message, $metadata: { httpStatusCode: status } = {} } = error;
    if (!mayPass({ code, message, status })) throw error;
    try {
      const messageId = await handOver({ error: { code, message, status, requestIds } });
      return { kind: 'handedOver', messageId, tasks, failures };
    } catch (handOverError) {
      throw Object.assign(error, { handOverError });
    }
  }

  const isComplete = tasks.length >= (request.count ?? 1);
  if (isComplete || !failures.some(({ reason = '' }) => isPassingFailure(reason)))
    return { kind: 'started', tasks, failures };
  try {
    const answer = { tasks: tasks.map(({ taskArn }) => taskArn), failures, requestIds };
    return { kind: 'handedOver', messageId: await handOver({ answer }), tasks, failures };
  } catch (handOverError) {
    return { kind: 'started', tasks, failures, handOverError };
  }
}

/** The answer of ECS, or its last error, with the request ids of all attempts that the SDK made. */
async function runTask(ecs, request) {
  const requestIds = [];
  const command = new RunTaskCommand(request);
  const note = ({ $metadata: { requestId } = {} }) => {
    if (requestId) requestIds.push(requestId);
  };
  // Below the SDK's own retries, so that it sees each attempt; on this command alone.
  command.middlewareStack.add(
    (next) => async (args) => {
      try {
        const result = await next(args);
        note(result.output);
        return result;
      } catch (error) {
        note(error);
        throw error;
      }
    },
    { step: 'deserialize', name: 'noteRequestIds', priority: 'high' },
  );
  try {
    const { tasks, failures } = await ecs.send(command);
    return { requestIds, tasks, failures };
  } catch (error) {
    return { requestIds, error };
  }
}

const senders = new WeakMap();

/** Sends as whoever calls ECS. */
function sqsLike(ecs) {
  const { region, credentials } = ecs.config;
  const sqs = senders.get(ecs) ?? new SQSClient({ region, credentials });
  senders.set(ecs, sqs);
  return sqs;
}

/** The stack launches in its own Region, whichever the call was for. */
async function checkRegion(ecs, queueUrl) {
  const [, found] = /^https:\/\/sqs\.([\w-]+)\.amazonaws\./.exec(queueUrl) ?? [];
  const expected = await ecs.config.region();
  if (found !== undefined && found !== expected)
    throw new TypeError(
      `runTaskOrHandOver: found a queue in ${found}, expected one in ${expected}, where ECS is called`,
    );
}
