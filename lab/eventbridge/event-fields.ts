import type { Json, JsonObject } from '../kernel/json.ts';
import { type JsonText, Members, NumberText } from './json-text.ts';

/** The elements of arrays that a value is inside of, innermost first. An array is known by its number in the event. */
export interface ArrayElement {
  readonly array: number;
  readonly index: number;
  readonly outer: ArrayElement | undefined;
}

/** One value of a field of an event. */
export interface FieldValue {
  /** Its JSON spelling. */
  readonly text: string;
  readonly element: ArrayElement | undefined;
}

export type EventFields = ReadonlyMap<string, readonly FieldValue[]>;

/** The steps of a dotted name as Java's `split` sees them: empty ones at the end do not count. */
function stepsOf(name: string): string[] {
  const steps = name.split('.');
  if (steps.length === 1) return steps;
  while (steps.at(-1) === '') steps.pop();
  return steps;
}

/** Finds the values of some fields in events: the scalars under dotted names, looking through arrays (Event.java). */
export class FieldReader {
  readonly #names: ReadonlySet<string>;
  readonly #steps: ReadonlySet<string>;

  constructor(names: Iterable<string>) {
    this.#names = new Set(names);
    this.#steps = new Set([...this.#names].flatMap(stepsOf));
  }

  read(event: JsonObject | Members): EventFields {
    const fields = new Map<string, FieldValue[]>();
    let arrays = 0;

    const visit = (value: Json | JsonText, name: string | undefined, element: ArrayElement | undefined): void => {
      if (Array.isArray(value)) {
        const array = arrays++;
        value.forEach((item, index) => {
          // Scalars of one array are not told apart: any of them may match, whatever the others did.
          const isScalar = typeof item !== 'object' || item === null || item instanceof NumberText;
          visit(item, name, isScalar ? element : { array, index, outer: element });
        });
      } else if (value instanceof Members) {
        for (const [step, member] of value.entries) enter(step, member, name, element);
      } else if (typeof value === 'object' && value !== null && !(value instanceof NumberText)) {
        for (const step of Object.keys(value)) enter(step, value[step] as Json, name, element);
      } else if (name !== undefined && this.#names.has(name)) {
        const found = { text: spell(value), element };
        const others = fields.get(name);
        if (others) others.push(found);
        else fields.set(name, [found]);
      }
    };
    const enter = (step: string, value: Json | JsonText, name: string | undefined, element?: ArrayElement): void => {
      if (this.#isUsed(step)) visit(value, name === undefined ? step : `${name}.${step}`, element);
    };
    visit(event, undefined, undefined);
    return fields;
  }

  /** `GenericMachine.isFieldStepUsed` */
  #isUsed(step: string): boolean {
    return this.#steps.has(step) || (step.includes('.') && stepsOf(step).every((part) => this.#steps.has(part)));
  }
}

function spell(value: null | boolean | number | string | NumberText): string {
  if (typeof value === 'string') return `"${value}"`;
  return value instanceof NumberText ? value.text : String(value);
}
