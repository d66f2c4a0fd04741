import { z } from 'zod';
import { HANDLERS } from '../../lambda/core/contract.ts';
import { probability, range, seconds } from './account.ts';

/** The faults of a scenario; docs/lab.md, "Faults", describes each. */

/** The operations of each service that handlers and state machines of ours call. */
export const OPERATIONS = {
  dynamodb: ['GetItem', 'BatchGetItem', 'PutItem', 'BatchWriteItem', 'UpdateItem', 'DeleteItem'],
  states: ['StartExecution', 'SendTaskSuccess', 'ListExecutions', 'DescribeExecution'],
  sqs: ['SendMessage'],
  ecs: ['RunTask', 'ListTasks', 'DescribeTasks', 'ListClusters'],
  sns: ['Publish'],
  cloudtrail: ['LookupEvents'],
  cloudwatch: ['DescribeAlarms'],
  logs: ['StartQuery', 'GetQueryResults'],
} as const;
export type ServiceName = keyof typeof OPERATIONS;
const SERVICES = Object.keys(OPERATIONS) as [ServiceName, ...ServiceName[]];

/** Items of the table by the beginning of their id: those whose loss must cost no call. */
export const CORRUPTIBLE = ['rate', 'coverage', 'lookups', 'sweep', 'traffic', 'rooms', 'counted'] as const;

const handler = z.enum(HANDLERS);
const service = z.enum(SERVICES);
const detailType = z.string().optional().describe('only events of this detail-type; absent: every event');

export const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('duplicateEvents'), probability }),
  z
    .strictObject({ kind: z.literal('delayEvents'), seconds: range, detailType })
    .describe('a range reorders events as well'),
  z.strictObject({ kind: z.literal('dropEvents'), probability, detailType }),
  z.strictObject({
    kind: z.literal('handlerCrash'),
    handler,
    probability: probability.describe('of each invocation, or of each SDK call where `at` is call'),
    at: z
      .enum(['work', 'call'])
      .default('work')
      .describe('before or after the whole work, or before or after one of its SDK calls'),
  }),
  z.strictObject({ kind: z.literal('outage'), handler, from: seconds, seconds }),
  z.strictObject({
    kind: z.literal('serviceError'),
    service,
    probability,
    operation: z.enum(Object.values(OPERATIONS).flat()).optional().describe('only calls of this; absent: every call'),
    error: z
      .enum(['serverError', 'throttling', 'timeout'])
      .default('serverError')
      .describe(
        'serverError: a 500 before or after the effect; throttling: before it, under the name of the service; timeout: before or after it, and no answer at all',
      ),
  }),
  z
    .strictObject({ kind: z.literal('serviceOutage'), service, from: seconds, seconds })
    .describe('every call of ours fails with a 503 before its effect'),
  z
    .strictObject({ kind: z.literal('slowHandler'), handler, probability, seconds: range })
    .describe('an invocation stalls, on its way to the function or after its work; see docs/lab.md'),
  z
    .strictObject({
      kind: z.literal('clockSkew'),
      handler: handler.optional(),
      service: z.literal('cloudtrail').optional().describe('the event times of its records'),
      seconds: z.number().describe('fast where positive, slow where negative'),
    })
    .describe('one clock is off, all the time'),
  z
    .strictObject({
      kind: z.literal('corruptItem'),
      item: z.enum(CORRUPTIBLE).describe('every item of this kind'),
      at: seconds,
      everySeconds: z.number().positive().optional().describe('and again each time that so long has passed'),
      to: z.enum(['deleted', 'garbage']).describe('garbage: every attribute but the key becomes a meaningless text'),
    })
    .describe('what the table holds is spoilt behind the back of the handlers'),
  z
    .strictObject({ kind: z.literal('pause'), from: seconds, seconds })
    .describe('people hold all permits, as docs/runbook.md says'),
]);

export type Fault = z.output<typeof faultSchema>;
export type FaultOf<Kind extends Fault['kind']> = Extract<Fault, { kind: Kind }>;

/** How far apart the clocks of a scenario are at most. */
export const clockErrorMs = (faults: readonly Fault[]): number =>
  faults.reduce((sum, fault) => sum + (fault.kind === 'clockSkew' ? 1000 * Math.abs(fault.seconds) : 0), 0);

/** What is well-formed and still makes no sense: the key in the fault, and what it should have been. */
export function faultContradiction(fault: Fault): { readonly key?: string; readonly expected: string } | undefined {
  if (fault.kind === 'serviceError' && fault.operation !== undefined) {
    const operations: readonly string[] = OPERATIONS[fault.service];
    if (!operations.includes(fault.operation))
      return { key: 'operation', expected: `an operation of ${fault.service}: ${operations.join(', ')}` };
  }
  if (fault.kind === 'clockSkew' && (fault.handler === undefined) === (fault.service === undefined))
    return { expected: 'either a handler or a service' };
  return undefined;
}
