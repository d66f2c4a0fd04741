import type { Edge } from './explorer.ts';
import type { Moments } from './moments.ts';
import { type HandlerName, type Invocation, Replayer } from './replay.ts';
import { effectsOf, isVisible } from './services.ts';
import type { Running, State, World } from './state.ts';
import { ended, released } from './workflow.ts';

/** The product's handlers at work, each stopped before its next effect on what others see. */
export function functionsIn(world: World, moments: Moments) {
  const replayer = new Replayer(world.settings);

  /** A sweep's first step only says where it looks: nothing that could come between its parts. */
  async function begun(state: State, name: string, payload: object): Promise<State> {
    let next = await invoked(state, 'sweep', `sweep ${name}`, payload);
    for (;;) {
      const running = next.running.find(({ owner }) => owner === `sweep ${name}`);
      if (running?.invocation.step.kind !== 'asks') return next;
      const [effect] = effectsOf(next, world, running.invocation.step, moments.msOf(next));
      if (!effect) return next;
      const invocation = await running.invocation.answered(moments.msOf(next), effect.answer);
      next = await settled(replaced(effect.state, running, { ...running, invocation }));
    }
  }

  /** What a function at work may do next, or its death. */
  async function effects(state: State, running: Running): Promise<Edge<State>[]> {
    const { step } = running.invocation;
    const dead = (s: State) => released({ ...s, running: s.running.filter((one) => one !== running) }, running);
    const who = `${running.handler} (${running.owner})`;
    const edges = moments.fault(state, `${who} crashes`, 'crashes', dead);
    if (step.kind !== 'asks') return edges;
    for (const effect of effectsOf(state, world, step, moments.msOf(state))) {
      const invocation = await running.invocation.answered(moments.msOf(state), effect.answer);
      const after = { ...running, invocation };
      const next = replaced(effect.state, running, after);
      edges.push(moments.edge(state, `${who}: ${effect.label}`, await settled(next), effect.isFault));
      edges.push(...moments.fault(effect.state, `${who}: ${effect.label}; it crashes`, 'crashes', dead));
    }
    return edges;
  }

  async function invoked(state: State, handler: HandlerName, owner: string, payload: object): Promise<State> {
    const invocation = await replayer.invoke(handler, payload, moments.msOf(state));
    return settled({
      ...state,
      running: [...state.running, { handler, owner, startedAtMs: moments.msOf(state), invocation }],
    });
  }

  /** Runs each function up to where it matters, among what others do, when it goes on. */
  async function settled(state: State): Promise<State> {
    for (const running of state.running) {
      const { step } = running.invocation;
      if (step.kind === 'asks') {
        if (isVisible(step, world) && step.name !== 'PutItemCommand') continue;
        const [effect] = effectsOf(state, world, step, moments.msOf(state));
        if (!effect) throw new Error(`${step.name}: expected an effect`);
        // A write that somebody was faster than will not succeed later either: versions and times only grow.
        const isLost = effect.answer.error?.name === 'ConditionalCheckFailedException';
        if (isVisible(step, world) && !isLost) continue;
        const invocation: Invocation = await running.invocation.answered(moments.msOf(state), effect.answer);
        return settled(replaced(effect.state, running, { ...running, invocation }));
      }
      return settled(ended({ ...state, running: state.running.filter((one) => one !== running) }, running));
    }
    return state;
  }

  return { invoked, begun, effects };
}

const replaced = (state: State, before: Running, after: Running): State => ({
  ...state,
  running: state.running.map((one) => (one === before ? after : one)),
});
