import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { ExecutionAlreadyExists } from '@aws-sdk/client-sfn';
import type { Settings } from '../../lambda/core/settings.ts';
import { makeHandler as makeIntake } from '../../lambda/intake.ts';
import { makeHandler as makeRunTask } from '../../lambda/run-task.ts';
import type { Clients, HandlerDependencies } from '../../lambda/runtime/ports.ts';
import { makeHandler as makeSweep } from '../../lambda/sweep.ts';
import { ANSWERED, awsError, dependenciesWith, type Sent } from '../support/dependencies.ts';
import { partOf } from './parts.ts';

const HANDLERS = { intake: makeIntake, 'run-task': makeRunTask, sweep: makeSweep } as const;
export type HandlerName = keyof typeof HANDLERS;

/** What a handler does next: it asks a service, or ends. */
export type Step =
  | ({ readonly kind: 'asks' } & Sent)
  | { readonly kind: 'returns'; readonly value: unknown }
  | { readonly kind: 'throws'; readonly name: string; readonly message: string };

/** What a service answered. */
export interface Answer {
  readonly value?: unknown;
  readonly error?: { readonly name: string; readonly status?: number; readonly members?: object };
}

interface Answered {
  readonly nowMs: number;
  readonly answer: Answer;
}

/** An invocation of a handler, as far as it has got; equal ones are one object. */
export interface Invocation {
  readonly id: number;
  readonly step: Step;
  answered(atMs: number, answer: Answer): Promise<Invocation>;
}

/**
 * Runs the product's own handlers up to any of their requests. A function that waits cannot be copied, so it is run anew
 * from its beginning with the answers that it had: handlers take time and chance from outside, so it does the same again.
 */
export class Replayer {
  readonly #settings: Settings;
  readonly #known = new Map<string, Invocation>();

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** How many different points of all invocations there were. */
  get points(): number {
    return this.#known.size;
  }

  invoke(handler: HandlerName, payload: object, atMs: number): Promise<Invocation> {
    return this.#at(`${handler} ${atMs} ${partOf(payload)}`, handler, payload, atMs, []);
  }

  async #at(
    key: string,
    handler: HandlerName,
    payload: unknown,
    atMs: number,
    answers: readonly Answered[],
  ): Promise<Invocation> {
    const known = this.#known.get(key);
    if (known) return known;
    const id = this.#known.size;
    const step = await this.#run(handler, payload, atMs, answers);
    const answered = (nowMs: number, answer: Answer) =>
      this.#at(`${id} ${nowMs} ${partOf(answer)}`, handler, payload, atMs, [...answers, { nowMs, answer }]);
    const invocation = { id, step, answered };
    this.#known.set(key, invocation);
    return invocation;
  }

  async #run(handler: HandlerName, payload: unknown, atMs: number, answers: readonly Answered[]): Promise<Step> {
    let nowMs = atMs;
    const asked: Sent[] = [];
    const waiting: ((answer: Answer) => void)[] = [];
    const ask = (sent: Sent) =>
      new Promise((resolve, reject) => {
        asked.push(sent);
        waiting.push(({ value, error }) => (error ? reject(errorOf(error)) : resolve(revived(sent, value))));
      });
    const { dependencies: usual } = dependenciesWith({
      ecs: ask,
      sfn: ask,
      dynamoDb: ask,
      cloudTrail: ask,
      sqs: ask,
      iam: ask,
    });
    const dependencies: HandlerDependencies<keyof Clients> = {
      ...usual,
      environment: { ...usual.environment, settings: this.#settings },
      clock: { now: () => nowMs, sleep: async () => {} },
    };
    let end: Step | undefined;
    const run: (payload: never) => Promise<unknown> = HANDLERS[handler](dependencies);
    run(payload as never).then(
      (value) => {
        end = { kind: 'returns', value };
      },
      (error: Error) => {
        end = { kind: 'throws', name: error.name, message: error.message };
      },
    );
    await untilItWaits();
    for (const [index, answered] of answers.entries()) {
      nowMs = answered.nowMs;
      waiting[index]?.(answered.answer);
      await untilItWaits();
    }
    const next = asked[answers.length];
    if (next) return { kind: 'asks', name: next.name, input: JSON.parse(JSON.stringify(next.input)) };
    return end ?? { kind: 'throws', name: 'Error', message: 'it waits for something that is no service' };
  }
}

/** All that a handler does without a service is promises. */
const untilItWaits = () => new Promise((resolve) => setImmediate(resolve));

function errorOf({ name, status, members }: NonNullable<Answer['error']>): Error {
  switch (name) {
    case 'ConditionalCheckFailedException':
      return new ConditionalCheckFailedException({ ...ANSWERED, ...members });
    case 'ExecutionAlreadyExists':
      return new ExecutionAlreadyExists(ANSWERED);
    default:
      return Object.assign(awsError(name, '', status), members);
  }
}

/** The SDK answers with dates. */
function revived({ name }: Sent, value: unknown): unknown {
  if (name !== 'RunTaskCommand') return value;
  const answer = value as { tasks: { createdAt: string }[] };
  return { ...answer, tasks: answer.tasks.map((task) => ({ ...task, createdAt: new Date(task.createdAt) })) };
}
