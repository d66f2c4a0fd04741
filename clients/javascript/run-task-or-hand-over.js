import { createHash } from 'node:crypto';
import { RunTaskCommand } from '@aws-sdk/client-ecs';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';

/** Names that always mean a throttle. */
const THROTTLES = [
  'ThrottlingException',
  'Throttling',
  'ThrottledException',
  'ThrottleException',
  'RequestThrottled',
  'RequestThrottledException',
  'RequestLimitExceeded',
  'EC2ThrottledException',
  'TooManyRequestsException',
  'SlowDown',
  'KMSThrottlingException',
  'KmsThrottlingException',
  'ProvisionedThroughputExceededException',
];
/** Names of a failure on the service's side. */
const SERVICE_FAILURES = [
  'ServerException',
  'InternalFailure',
  'InternalError',
  'InternalServerError',
  'InternalServerException',
  'ServiceUnavailable',
  'ServiceUnavailableException',
];
/** Names that throttles, want of room and mistakes share: the message decides. */
const SHARED = ['InvalidParameterException', 'ClientException', 'LimitExceededException'];
/** A throttle behind ECS, passed on as the text of a bad parameter; what else stands there may quote the caller's own names. */
const WRAPPING = String.raw`(?:(?:Error|Failed|Failure|Unable|Unexpected|Could not|Cannot)[^:\[\]]*(?:\[[^\[\]]*\][^:\[\]]*)?: |[\w.-]+: )`;
const RATE_WORDS = String.raw`(?:Rate exceeded|Request limit exceeded)\.?(?: Account [^()\[\]]*)?(?: \([^()]*\)| \(\w*:? ?\w*)?\.?`;
const ERROR_CODE = String.raw`\(ErrorCode: (?:${THROTTLES.join('|')})\)\.?`;
const WRAPPED_THROTTLE = new RegExp(
  String.raw`^(?:${WRAPPING}{0,3}${RATE_WORDS}|(?:${WRAPPING}{1,3}[^:\[\]]*|\w*) ?${ERROR_CODE})$`,
);
/** Want of room, which comes back when tasks end. */
const NO_ROOM = /^(?:Capacity is unavailable at this time|You['’]ve reached the limit on the number of )/;
const NO_ROOM_ERROR = /^Tasks provisioning capacity limit exceeded/;
/** ATTRIBUTE, LOCATION, MISSING and INACTIVE stay as they are however often one asks. */
const NO_ROOM_FAILURE = /^(?:RESOURCE:|AGENT(?![\w-]))/;

export function mayPass({ code, message, status = 0 }) {
  if (THROTTLES.includes(code) || SERVICE_FAILURES.includes(code) || status === 429 || status >= 500) return true;
  const texts = [WRAPPED_THROTTLE, NO_ROOM, NO_ROOM_ERROR];
  return SHARED.includes(code) && texts.some((text) => text.test(message));
}

export function isPassingFailure(reason) {
  return NO_ROOM.test(reason) || NO_ROOM_FAILURE.test(reason);
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
  // Not only when the first call is throttled.
  if (!queueUrl) throw new TypeError('runTaskOrHandOver: found no options.queueUrl, expected that of the stack');
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
