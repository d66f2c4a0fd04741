import {
  type ExecutionHost,
  type ExecutionResult,
  execute,
  type HistoryStep,
  parseDefinition,
} from '../../../lab/asl/index.ts';
import { VirtualClock } from '../../../lab/kernel/clock.ts';
import type { Json, JsonObject } from '../../../lab/kernel/json.ts';
import { randomStream } from '../../../lab/kernel/random.ts';

export interface Run extends ExecutionResult {
  /** Virtual seconds from the start to the end of the execution. */
  readonly seconds: number;
  readonly history: readonly HistoryStep[];
}

type Fields = Readonly<Record<string, unknown>>;

/** A JSONata definition that starts at its first state. */
export const machine = (states: Readonly<Record<string, Fields>>, more: Fields = {}): Fields => ({
  QueryLanguage: 'JSONata',
  StartAt: Object.keys(states)[0],
  States: states,
  ...more,
});

/** A definition of one state, which ends there. */
export const only = (state: Fields): Fields => machine({ S: { End: true, ...state } });

/** A Pass state whose output is this template. */
export const output = (template: unknown): Fields => only({ Type: 'Pass', Output: template });

export async function run(
  definition: Fields,
  input: Json = {},
  host: Partial<ExecutionHost> = {},
  context = CONTEXT,
): Promise<Run> {
  const clock = new VirtualClock();
  const history: HistoryStep[] = [];
  let ended = 0;
  const running = execute(
    parseDefinition(definition),
    input,
    { clock, random: randomStream(1, 'test'), onHistory: (step) => void history.push(step), ...host },
    context,
  ).then((result) => {
    ended = clock.elapsedSeconds();
    return result;
  });
  await Promise.race([running, clock.run()]);
  return { ...(await running), seconds: ended, history };
}

export const CONTEXT: JsonObject = { Execution: { Name: 'one', Input: {} }, StateMachine: { Name: 'machine' } };

export const events = (history: readonly HistoryStep[]): number => history.reduce((sum, step) => sum + step.events, 0);
export const transitions = (history: readonly HistoryStep[]): number =>
  history.reduce((sum, step) => sum + step.transitions, 0);

/** What a state that failed by its own fault says before the fault itself. */
export const inState = (name: string, id = 2): string =>
  `An error occurred while executing the state '${name}' (entered at the event id #${id}). `;
