/** From ClickHouse's own type names, written as literals, to the shapes TypeScript sees. */

/** Column or parameter names with their ClickHouse types. */
export type Columns = Readonly<Record<string, string>>;

type Integer = `${'' | 'U'}Int${8 | 16 | 32 | 64}`;

type EnumMember<Members extends string> =
  Members extends `'${infer Name}' = ${string}, ${infer Rest}`
    ? Name | EnumMember<Rest>
    : Members extends `'${infer Name}' = ${string}`
      ? Name
      : never;

/**
 * A ClickHouse type as it arrives in JSON: times as RFC 3339 UTC, dates as `YYYY-MM-DD`, 64-bit
 * integers as numbers (exact to 2^53). A type not listed is `never`, which no code can use unnoticed.
 */
type Js<Type extends string> = Type extends `Nullable(${infer Inner})`
  ? Js<Inner> | null
  : Type extends `LowCardinality(${infer Inner})`
    ? Js<Inner>
    : Type extends `Array(${infer Inner})`
      ? Js<Inner>[]
      : Type extends `Enum8(${infer Members})`
        ? EnumMember<Members>
        : Type extends Integer | `Float${32 | 64}`
          ? number
          : Type extends 'Bool'
            ? boolean
            : Type extends
                  | 'String'
                  | `FixedString(${number})`
                  | 'IPv4'
                  | 'IPv6'
                  | 'UUID'
                  | 'Date'
                  | `DateTime${string}`
              ? string
              : never;

/** A bound parameter; times are RFC 3339 UTC, an Identifier is the name of a column. */
type JsParameter<Type extends string> = Type extends `Array(${infer Inner})`
  ? readonly JsParameter<Inner>[]
  : Type extends 'Identifier'
    ? string
    : Js<Type>;

export type RowOf<C extends Columns> = { -readonly [Name in keyof C]: Js<C[Name]> };
export type ParametersOf<P extends Columns> = { readonly [Name in keyof P]: JsParameter<P[Name]> };
