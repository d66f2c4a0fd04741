import { instance } from '@viz-js/viz';
import type { Exit, Flow, State } from '../asl/definition.ts';
import { Markup } from './markup.ts';

/** Draws the states of a workflow, with what leads from one to the next. Colours are left to the page's style sheet. */
export const drawFlow = (flow: Flow): Promise<Markup> => draw(flow, dotOf(flow), 'flow');

/** Draws them small enough for a phone, for one execution's way through them: states are marked by their places. */
export const drawWay = (flow: Flow): Promise<Markup> => draw(flow, wayDotOf(flow), 'way');

/** Takes longer to be there than to draw. */
let viz: ReturnType<typeof instance> | undefined;

async function draw({ states }: Flow, dot: string, className: string): Promise<Markup> {
  viz ??= instance();
  const svg = (await viz).renderString(dot, { format: 'svg', engine: 'dot' });
  const label = `State machine: ${[...states.keys()].join(', ')}`.replace(/[&<>"]/g, ' ');
  // Without prolog, hints that repeat the names, and a size of its own: the page decides.
  const bare = svg
    .slice(svg.indexOf('<svg'))
    .replace(/<!--[\s\S]*?-->|<title>[\s\S]*?<\/title>/g, '')
    .replace(
      /(<svg [^>]*?)width="(\d+)pt" height="\d+pt"/,
      `$1class="${className}" style="max-width:$2px" role="img" aria-label="${label}"`,
    )
    .replace(/ font-(family|size)="[^"]*"/g, '');
  return new Markup(bare);
}

/** The workflow in Graphviz's language: an edge for each way out of a state, dashed where it is an error's. */
export function dotOf({ startAt, states }: Flow): string {
  const lines = [...states.values()].flatMap((state) => [node(state), ...edges(state)]);
  return [
    'digraph {',
    // Helvetica's widths are built in; the page's fonts are set in the same width or a narrower one.
    'graph [bgcolor=transparent nodesep=0.5 ranksep=0.4 pad=0.1]',
    'node [shape=box style=rounded fontname=Helvetica fontsize=14 margin="0.16,0.1" height=0.5]',
    'edge [fontname=Helvetica fontsize=12 arrowsize=0.7]',
    'start [shape=circle label="" width=0.16 height=0.16 class=start]',
    edge('start', startAt, ''),
    ...lines,
    '}',
  ].join('\n');
}

/** The same without labels at edges, names in short lines. */
export function wayDotOf({ startAt, states }: Flow): string {
  const places = new Map([...states.keys()].map((name, place) => [name, place]));
  const lines = [...states.values()].flatMap((state) => {
    const nexts = new Set(exits(state).filter((next) => next !== null));
    return [
      `${quote(state.name)} [label=${quote(shortLines(state.name))} class=${quote(`${state.type.toLowerCase()} s${places.get(state.name)}`)}]`,
      ...[...nexts].map(
        (next) =>
          `${quote(state.name)} -> ${quote(next)} [class=${quote(`e${places.get(state.name)}-${places.get(next)}`)}]`,
      ),
    ];
  });
  return [
    'digraph {',
    'graph [bgcolor=transparent nodesep=0.2 ranksep=0.3 pad=0.05]',
    'node [shape=box style=rounded fontname=Helvetica fontsize=13 margin="0.1,0.06" height=0.4 width=0.9]',
    'edge [arrowsize=0.6]',
    'start [shape=circle label="" width=0.14 height=0.14 class=start]',
    `start -> ${quote(startAt)}`,
    ...lines,
    '}',
  ].join('\n');
}

const LINE_LENGTH = 12;

function shortLines(name: string): string {
  const lines: string[] = [];
  for (const word of name.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && `${last} ${word}`.length <= LINE_LENGTH) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.join('\n');
}

/** Where a state may lead to. */
function exits(state: State): Exit['next'][] {
  switch (state.type) {
    case 'Choice':
      return [...state.choices, ...(state.default ? [state.default] : [])].map(({ next }) => next);
    case 'Task':
    case 'Map':
    case 'Parallel':
      return [state.next, ...state.catch.map(({ next }) => next)];
    case 'Pass':
    case 'Wait':
      return [state.next];
    case 'Succeed':
    case 'Fail':
      return [];
    default:
      return state satisfies never;
  }
}

function node(state: State): string {
  const attempts = state.type === 'Task' ? Math.max(0, ...state.retry.map(({ maxAttempts }) => maxAttempts)) : 0;
  const kind = attempts > 0 ? `${state.type}, retried up to ${attempts}×` : state.type;
  return `${quote(state.name)} [label=${quote(`${state.name}\n${kind}`)} class=${state.type.toLowerCase()}]`;
}

function edges(state: State): string[] {
  switch (state.type) {
    case 'Choice':
      return [
        ...state.choices.map(({ condition, next }) =>
          edge(state.name, next, typeof condition === 'boolean' ? String(condition) : condition.source.trim()),
        ),
        ...(state.default ? [edge(state.name, state.default.next, 'otherwise')] : []),
      ];
    case 'Task':
    case 'Map':
    case 'Parallel':
      return [
        edge(state.name, state.next, ''),
        ...state.catch.map(({ errorEquals, next }) => edge(state.name, next, errorEquals.join(', '), 'style=dashed')),
      ];
    case 'Pass':
    case 'Wait':
      return [edge(state.name, state.next, '')];
    case 'Succeed':
    case 'Fail':
      return [];
    default:
      return state satisfies never;
  }
}

function edge(from: string, to: Exit['next'], label: string, attributes = ''): string {
  if (to === null) return '';
  return `${quote(from)} -> ${quote(to)} [label=${quote(label ? ` ${label} ` : '')} ${attributes}]`;
}

const quote = (text: string) => `"${text.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"`;
