import { UnsupportedError } from '../kernel/aws-service.ts';
import type { Json, JsonObject } from '../kernel/json.ts';

/** What `Ref` and `Fn::GetAtt` of a resource give. */
export interface Identity {
  readonly ref: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface Scope {
  /** `AWS::Region` and the like. */
  readonly pseudoParameters: Readonly<Record<string, string>>;
  readonly identity: (logicalId: string) => Identity | undefined;
}

type Intrinsic = (argument: Json, scope: Scope) => Json;

/** The intrinsic functions that the template uses. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html */
const INTRINSICS: Readonly<Record<string, Intrinsic>> = {
  Ref: (argument, scope) => reference(String(argument), scope),
  'Fn::GetAtt': (argument, scope) => {
    const [logicalId = '', attribute = ''] = (Array.isArray(argument) ? argument : String(argument).split('.')).map(
      String,
    );
    const value = scope.identity(logicalId)?.attributes[attribute];
    if (value === undefined) throw new UnsupportedError(`Fn::GetAtt of ${logicalId}.${attribute}`);
    return value;
  },
  'Fn::Join': (argument, scope) => {
    const [delimiter, parts] = argument as [string, Json];
    return (resolve(parts, scope) as Json[]).map(String).join(delimiter);
  },
  'Fn::Sub': (argument, scope) => {
    if (typeof argument !== 'string') throw new UnsupportedError('Fn::Sub with a variable map');
    return argument.replace(/\$\{([^}!]+)\}/g, (_, name: string) =>
      String(
        name.includes('.') && !name.startsWith('AWS::')
          ? resolve({ 'Fn::GetAtt': name }, scope)
          : reference(name, scope),
      ),
    );
  },
  'Fn::Select': (argument, scope) => {
    const [index, list] = argument as [number | string, Json];
    return (resolve(list, scope) as Json[])[Number(index)] ?? null;
  },
  'Fn::Split': (argument, scope) => {
    const [delimiter, text] = argument as [string, Json];
    return String(resolve(text, scope)).split(delimiter);
  },
};

/** Replaces every intrinsic function in a part of a template. */
export function resolve(value: Json, scope: Scope): Json {
  if (Array.isArray(value)) return value.map((inner) => resolve(inner, scope));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [name, argument] = entries[0] ?? [];
  if (
    entries.length === 1 &&
    name !== undefined &&
    argument !== undefined &&
    (name === 'Ref' || name.startsWith('Fn::'))
  ) {
    const intrinsic = INTRINSICS[name];
    if (!intrinsic) throw new UnsupportedError(`the intrinsic function ${name}`);
    return intrinsic(argument, scope);
  }
  return Object.fromEntries(entries.map(([key, inner]): [string, Json] => [key, resolve(inner, scope)])) as JsonObject;
}

function reference(name: string, { pseudoParameters, identity }: Scope): string {
  const value = pseudoParameters[name] ?? identity(name)?.ref;
  if (value === undefined) throw new UnsupportedError(`a reference to ${name}`);
  return value;
}
