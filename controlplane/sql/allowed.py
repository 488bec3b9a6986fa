"""What an expression may be made of: the functions and operators that mean the same on every target.

The list is closed: `tests/test_sql_alike.py` runs each entry on every target, and what is not in it
is refused when the spec is read.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from sqlglot import exp

from controlplane.sql.columns import ExpressionError

# Group -> name -> how sqlglot reads it; None for a function that it knows by its name alone.
FUNCTIONS: Mapping[str, Mapping[str, type[exp.Expr] | None]] = {
    "text": {
        "ascii": exp.Ascii,
        "bit_length": exp.BitLength,
        "chr": exp.Chr,
        "concat": exp.Concat,
        "concat_ws": exp.ConcatWs,
        "initcap": exp.Initcap,
        "normalize": exp.Normalize,
        "left": exp.Left,
        "length": exp.Length,
        "lower": exp.Lower,
        "lpad": exp.Pad,
        "md5": exp.MD5,
        "octet_length": None,
        "repeat": exp.Repeat,
        "replace": exp.Replace,
        "right": exp.Right,
        "rpad": exp.Pad,
        "split_part": exp.SplitPart,
        "starts_with": exp.StartsWith,
        "strpos": exp.StrPosition,
        "substr": exp.Substring,
        "translate": exp.Translate,
        "trim": exp.Trim,
        "btrim": exp.Trim,
        "ltrim": exp.Trim,
        "rtrim": exp.Trim,
        "upper": exp.Upper,
    },
    "patterns": {
        "regexp_count": exp.RegexpCount,
        "regexp_like": exp.RegexpLike,
        "regexp_replace": exp.RegexpReplace,
    },
    "numbers": {
        "abs": exp.Abs,
        "acos": exp.Acos,
        "asin": exp.Asin,
        "atan": exp.Atan,
        "atan2": exp.Atan2,
        "cbrt": exp.Cbrt,
        "ceil": exp.Ceil,
        "cos": exp.Cos,
        "cot": exp.Cot,
        "degrees": exp.Degrees,
        "exp": exp.Exp,
        "floor": exp.Floor,
        "gcd": None,
        "lcm": None,
        "ln": exp.Ln,
        "log": exp.Log,
        "mod": exp.Mod,
        "pi": exp.Pi,
        "power": exp.Pow,
        "radians": exp.Radians,
        "round": exp.Round,
        "sign": exp.Sign,
        "sin": exp.Sin,
        "sqrt": exp.Sqrt,
        "tan": exp.Tan,
        "trunc": exp.Trunc,
    },
    "dates and times": {
        "age": None,
        "current_date": exp.CurrentDate,
        "current_timestamp": exp.CurrentTimestamp,
        "date": exp.Date,
        "date_part": exp.Extract,
        "date_trunc": exp.TimestampTrunc,
        "day": exp.Day,
        "extract": exp.Extract,
        "last_day": exp.LastDay,
        "make_date": None,
        "make_time": exp.TimeFromParts,
        "make_timestamp": exp.TimestampFromParts,
        "month": exp.Month,
        "now": exp.CurrentTimestamp,
        "to_char": exp.TimeToStr,
        "to_date": exp.StrToDate,
        "year": exp.Year,
    },
    "conditionals": {
        "case": exp.Case,
        "cast": exp.Cast,
        "coalesce": exp.Coalesce,
        "greatest": exp.Greatest,
        "if": exp.If,
        "least": exp.Least,
        "nullif": exp.Nullif,
    },
    "JSON": {"json_extract_path_text": exp.JSONExtractScalar},
    "aggregates": {
        "avg": exp.Avg,
        "bit_and": exp.BitwiseAndAgg,
        "bit_or": exp.BitwiseOrAgg,
        "bool_and": exp.LogicalAnd,
        "bool_or": exp.LogicalOr,
        "count": exp.Count,
        "max": exp.Max,
        "median": exp.Median,
        "min": exp.Min,
        "percentile_cont": exp.PercentileCont,
        "percentile_disc": exp.PercentileDisc,
        "stddev": exp.Stddev,
        "stddev_pop": exp.StddevPop,
        "stddev_samp": exp.StddevSamp,
        "sum": exp.Sum,
        "var_pop": exp.VariancePop,
        "var_samp": exp.Variance,
        "variance": exp.Variance,
    },
}
OPERATORS: Mapping[str, tuple[type[exp.Expr], ...]] = {
    "arithmetic": (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Pow, exp.Neg),
    "bits": (
        exp.BitwiseAnd,
        exp.BitwiseOr,
        exp.BitwiseXor,
        exp.BitwiseNot,
        exp.BitwiseRightShift,
    ),
    "comparisons": (
        exp.EQ,
        exp.NEQ,
        exp.LT,
        exp.LTE,
        exp.GT,
        exp.GTE,
        exp.Between,
        exp.In,
        exp.Is,
        exp.NullSafeEQ,
        exp.NullSafeNEQ,
    ),
    "logic": (exp.And, exp.Or, exp.Not),
    "text": (exp.DPipe, exp.Like, exp.ILike, exp.Escape, exp.RegexpILike, exp.Collate),
    "JSON": (exp.JSONExtract, exp.JSONExtractScalar),
    "times": (exp.AtTimeZone,),
}
# What expressions are built of besides functions and operators.
_PARTS: tuple[type[exp.Expr], ...] = (
    exp.Boolean,
    exp.ByteString,
    exp.Column,
    exp.DataType,
    exp.DataTypeParam,
    exp.Distinct,
    exp.Filter,
    exp.Identifier,
    exp.Interval,
    exp.JSONPath,
    exp.JSONPathKey,
    exp.JSONPathRoot,
    exp.JSONPathSubscript,
    exp.Literal,
    exp.Null,
    exp.Order,
    exp.Ordered,
    exp.Paren,
    exp.Star,
    exp.Var,
    exp.Where,
    exp.WithinGroup,
)
_CLASSES = frozenset(
    [
        *_PARTS,
        *(kind for kinds in OPERATORS.values() for kind in kinds),
        *(kind for group in FUNCTIONS.values() for kind in group.values() if kind),
    ]
)
_NAMES = frozenset(
    name for group in FUNCTIONS.values() for name, kind in group.items() if kind is None
)
_ALL_NAMES = sorted(name for group in FUNCTIONS.values() for name in group)
# What to write instead of a function or an operator, by its name as it is written.
_INSTEAD: Mapping[str, str] = {
    "<<": "a multiplication",
    "array_length": "split_part(x, separator, n)",
    "contains": "strpos(x, part) > 0",
    "current_time": "cast(now() as time)",
    "date_add": "x + interval '1 day'",
    "date_diff": "date1 - date2 for days, or date_part('year', age(date1, date2))",
    "date_sub": "x - interval '1 day'",
    "dateadd": "x + interval '1 day'",
    "datediff": "date1 - date2 for days, or date_part('year', age(date1, date2))",
    "dayname": "to_char(x, 'FMDay')",
    "dayofweek": "extract(dow from x)",
    "dayofyear": "extract(doy from x)",
    "div": "trunc(a / b)",
    "ends_with": "right(x, length(ending)) = ending",
    "every": "bool_and",
    "factorial": "a table of the values",
    "format": "concat(…), or ||",
    "hash": "md5(x)",
    "hour": "extract(hour from x)",
    "isnull": "x is null",
    "json_extract_path": "x -> 'key'",
    "localtimestamp": "now()",
    "log10": "log(x)",
    "make_interval": "n * interval '1 day'",
    "minute": "extract(minute from x)",
    "monthname": "to_char(x, 'FMMonth')",
    "overlaps": "start1 < end2 and start2 < end1",
    "overlay": "left(x, n) || new || substr(x, m)",
    "quarter": "extract(quarter from x)",
    "quote_literal": "'''' || replace(x, '''', '''''') || ''''",
    "regexp_extract": "regexp_replace(x, '^.*(pattern).*$', '\\1')",
    "regexp_match": "x ~ 'pattern'",
    "regexp_matches": "x ~ 'pattern'",
    "regexp_substr": "regexp_replace(x, '^.*(pattern).*$', '\\1')",
    "second": "extract(second from x)",
    "similar to": "x ~ '^(?:pattern)$', with .* for % and . for _",
    "string_split": "split_part(x, separator, n)",
    "string_to_array": "split_part(x, separator, n)",
    "strftime": "to_char(x, 'YYYY-MM-DD')",
    "to_number": "cast(x as numeric(p, s))",
    "to_timestamp": "cast(x as timestamp), or timestamp '1970-01-01' + seconds * interval '1 second'",
    "week": "extract(week from x)",
    "width_bucket": "case when x < … then 1 … end",
    "xor": "a <> b",
}
_SIGNS: Mapping[type[exp.Expr], str] = {
    exp.BitwiseLeftShift: "<<",
    exp.JSONBContainsTopKey: "?",
    exp.JSONBExtract: "#>",
    exp.JSONBExtractScalar: "#>>",
    exp.SimilarTo: "similar to",
}
_SIGNS_INSTEAD: Mapping[str, str] = {
    "#>": "x -> 'a' -> 'b'",
    "#>>": "x -> 'a' ->> 'b'",
    "?": "x -> 'key' is not null",
}


def refuse_unknown(tree: exp.Expr) -> None:
    """Raise `ExpressionError` where the expression has what targets may read in different ways."""
    for node in tree.walk():
        if isinstance(node, exp.Anonymous):
            if str(node.this).lower() in _NAMES:
                continue
        elif type(node) in _CLASSES:
            continue
        raise ExpressionError(_refusal(node))


def _refusal(node: exp.Expr) -> str:
    sign = _SIGNS.get(type(node))
    if sign:
        kind, name = "operator", sign
    elif isinstance(node, exp.Func):
        kind, name = "function", written_name(node)
    else:
        shown = node.sql(dialect="postgres", comments=False)
        return f"has {shown}, which is not known to mean the same on every target"
    instead = _INSTEAD.get(name) or _SIGNS_INSTEAD.get(name)
    if instead is None and kind == "function":
        near = difflib.get_close_matches(name, _ALL_NAMES, n=1, cutoff=0.75)
        instead = near[0] if near else None
    hint = f" (instead: {instead})" if instead else "; docs/concepts/models.md lists those that are"
    return f"the {kind} '{name}' is not known to mean the same on every target{hint}"


def written_name(node: exp.Expr) -> str:
    """The function's name as a person wrote it; sqlglot's own where that is not known."""
    if "written" in node.meta:
        return str(node.meta["written"])
    if isinstance(node, exp.Anonymous):
        return str(node.this).lower()
    return str(node.sql_names()[0]).lower() if isinstance(node, exp.Func) else node.key
