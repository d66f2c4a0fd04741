import { XmlShapeSerializer } from '@aws-sdk/core/protocols';
import { XmlNode } from '@aws-sdk/xml-builder';
import type { NormalizedSchema } from '@smithy/core/schema';
import type { Json, JsonObject } from '../../kernel/json.ts';
import { type Model, toSdkValue } from './models.ts';
import type { WireCall } from './wire.ts';

/** AWS query: the parameters of a form in, XML out. https://smithy.io/2.0/aws/protocols/aws-query-protocol.html */
export function decodeQuery(body: string, model: Model | undefined): WireCall {
  const parameters = new URLSearchParams(body);
  const operation = parameters.get('Action') ?? '';
  const [input, output] = [model?.input(operation), model?.output(operation)];
  const respond = (kind: string, ...children: readonly XmlNode[]): string => withChildren(kind, children).toString();
  return {
    operation,
    input: input ? (read(input, treeOf(parameters)) as JsonObject) : {},
    headers: { 'content-type': 'text/xml' },
    answer: (value, requestId) => {
      const metadata = withChildren('ResponseMetadata', [XmlNode.of('RequestId', requestId)]);
      const name = `${operation}Result`;
      const text = respond(`${operation}Response`, withChildren(name, []), metadata);
      // The SDK writes a structure under its own name, which is not that of the result.
      return output ? text.replace(new RegExp(`<${name}\\s*/>`), () => result(name, output, value)) : text;
    },
    refuse: (error, requestId) => {
      const details = withChildren('Error', [
        XmlNode.of('Type', error.status < 500 ? 'Sender' : 'Receiver'),
        XmlNode.of('Code', model?.queryCode(error.code) ?? error.code),
        XmlNode.of('Message', error.message),
      ]);
      return { body: respond('ErrorResponse', details, XmlNode.of('RequestId', requestId)), headers: {} };
    },
  };
}

function withChildren(name: string, children: readonly XmlNode[]): XmlNode {
  const node = XmlNode.of(name);
  for (const child of children) node.addChildNode(child);
  return node;
}

function result(name: string, schema: NormalizedSchema, value: JsonObject): string {
  if (schema.isUnitSchema()) return `<${name}/>`;
  const serializer = new XmlShapeSerializer({
    xmlNamespace: '',
    serviceNamespace: '',
    timestampFormat: { default: 5, useTrait: true },
  });
  serializer.write(schema, toSdkValue(schema, value));
  const text = String(serializer.flush());
  return `<${name}>${/^<[^>]*[^/]>([\s\S]*)<\/[^>]*>$/.exec(text)?.[1] ?? ''}</${name}>`;
}

type Tree = string | { [name: string]: Tree };

/** `A.1.Name=k` → `{A: {1: {Name: 'k'}}}` */
function treeOf(parameters: URLSearchParams): Tree {
  const root: Tree = {};
  for (const [name, value] of parameters) {
    const steps = name.split('.');
    const leaf = steps.pop() ?? name;
    let node: { [name: string]: Tree } = root;
    for (const step of steps) {
      const next = node[step];
      if (typeof next === 'object') node = next;
      else {
        const made: Tree = {};
        node[step] = made;
        node = made;
      }
    }
    node[leaf] = value;
  }
  return root;
}

const child = (tree: Tree | undefined, name: string): Tree | undefined =>
  typeof tree === 'object' ? tree[name] : undefined;

/** Items are numbered from 1. */
const items = (tree: Tree | undefined): Tree[] => (typeof tree === 'object' ? Object.values(tree) : []);

const nameOf = (schema: NormalizedSchema, otherwise: string): string =>
  String(schema.getMergedTraits().xmlName ?? otherwise);

/** A value as the service's JSON would have it. */
function read(schema: NormalizedSchema, tree: Tree): Json {
  const isFlat = Boolean(schema.getMergedTraits().xmlFlattened);
  if (schema.isListSchema()) {
    const of = schema.getValueSchema();
    return items(isFlat ? tree : child(tree, nameOf(of, 'member'))).map((item) => read(of, item));
  }
  if (schema.isMapSchema()) {
    const [key, value] = [schema.getKeySchema(), schema.getValueSchema()];
    const entries = items(isFlat ? tree : child(tree, 'entry')).map((entry) => [
      String(child(entry, nameOf(key, 'key'))),
      read(value, child(entry, nameOf(value, 'value')) ?? {}),
    ]);
    return Object.fromEntries(entries);
  }
  if (schema.isStructSchema()) {
    const members = [...schema.structIterator()].flatMap(([name, member]) => {
      const given = child(tree, nameOf(member, name));
      return given === undefined ? [] : [[name, read(member, given)] as const];
    });
    return Object.fromEntries(members);
  }
  const text = String(tree);
  if (schema.isNumericSchema()) return Number(text);
  if (schema.isBooleanSchema()) return text === 'true';
  return schema.isTimestampSchema() ? Date.parse(text) / 1000 : text;
}
