import type jsonata from 'jsonata';

/** What JSONata's parser builds, beyond what its types tell. */
interface Node {
  readonly type?: string;
  readonly value?: unknown;
  readonly steps?: readonly Node[];
  readonly lhs?: unknown;
  readonly rhs?: Node;
  readonly expression?: Node;
  readonly expressions?: readonly Node[];
  readonly procedure?: Node;
  readonly arguments?: readonly Node[];
  readonly body?: Node;
  readonly condition?: Node;
  readonly then?: Node;
  readonly else?: Node;
}

export function visitNodes(root: jsonata.ExprNode, look: (node: jsonata.ExprNode) => void): void {
  const seen = new Set<unknown>();
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null || seen.has(node)) return;
    seen.add(node);
    look(node as jsonata.ExprNode);
    for (const child of Object.values(node)) visit(child);
  };
  visit(root);
}

/** The fields of `$states` that it refers to by name. What it only computes, such as `$states['result']`, is not seen. */
export function referencedParts(root: jsonata.ExprNode): Set<string> {
  const found = new Set<string>();
  visitNodes(root, ({ steps }) => {
    const [variable, field] = steps ?? [];
    if (variable?.type === 'variable' && variable.value === 'states' && field?.type === 'name') found.add(field.value);
  });
  return found;
}

/**
 * What it reads of a context, which no expression of a state has: `name`, `$` or `$$` where nothing before it says of what.
 * Steps after the first, predicates, sort terms and groups have one; the body of a function has that of its surroundings.
 * Measured by https://github.com/floci-io/floci (JsonataTopLevelReferencesTest)
 */
export function topLevelReference(root: jsonata.ExprNode): string | undefined {
  return findReference(root as Node);
}

function findReference(node: Node | undefined): string | undefined {
  switch (node?.type) {
    case 'name':
      return String(node.value);
    case 'variable':
      return node.value === '' || node.value === '$' ? `$${node.value}` : undefined;
    case 'path':
      return findReference(node.steps?.[0]);
    default:
      return node && first(parts(node));
  }
}

function first(nodes: readonly (Node | undefined)[]): string | undefined {
  for (const node of nodes) {
    const found = findReference(node);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The parts of a node that have the same context as the node itself. */
function parts(node: Node): readonly (Node | undefined)[] {
  switch (node.type) {
    case 'unary':
      return [node.expression, ...(node.expressions ?? []), ...((node.lhs ?? []) as Node[][]).flat()];
    case 'binary':
    case 'apply':
      return [node.lhs as Node, node.rhs];
    case 'bind':
      return [node.rhs];
    case 'function':
    case 'partial':
      return [node.procedure, ...(node.arguments ?? [])];
    case 'lambda':
      return [node.body];
    case 'condition':
      return [node.condition, node.then, node.else];
    case 'block':
      return node.expressions ?? [];
    default:
      return [];
  }
}
