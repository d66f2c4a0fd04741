import { instance } from '@viz-js/viz';
import type { Exit, Flow, State } from '../asl/definition.ts';
import { Markup } from './markup.ts';

/** Draws the states of a workflow. Colours are left to the page's style sheet. */
export async function drawFlow(flow: Flow): Promise<Markup> {
  const viz = await instance();
  const svg = viz.renderString(dotOf(flow), { format: 'svg', engine: 'dot' });
  // Without prolog, hints that repeat the names, and a size of its own: the page decides.
  const bare = svg
    .slice(svg.indexOf('<svg'))
    .replace(/<!--[\s\S]*?-->|<title>[\s\S]*?<\/title>/g, '')
    .replace(/(<svg [^>]*?)width="(\d+)pt" height="\d+pt"/, '$1class="flow" style="max-width:$2px" role="img"')
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
