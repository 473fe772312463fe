"""JSON Schema 2020-12, as much of it as openapi.json uses. A keyword that isn't here
is an error: a schema must not look checked when it isn't."""

import re

REMARKS = {"description", "default", "format", "summary"}


def problems(value, schema, document, place="$"):
    """What in `value` isn't as `schema` has it; `document` holds what is referred to."""
    if "$ref" in schema:
        return problems(value, resolve(schema["$ref"], document), document, place)
    found = []
    for keyword, wanted in schema.items():
        if keyword in REMARKS:
            continue
        check = CHECKS.get(keyword)
        if check is None:
            raise ValueError(f"the keyword {keyword} is not known here")
        found += check(value, wanted, schema, document, place)
    return found


def resolve(reference, document):
    if not reference.startswith("#/"):
        raise ValueError(reference)
    for step in reference[2:].split("/"):
        document = document[step]
    return document


def unless(holds, place, text):
    return [] if holds else [f"{place}: {text}"]


TYPES = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "boolean": lambda v: isinstance(v, bool),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
}


def check_type(value, wanted, _schema, _document, place):
    return unless(TYPES[wanted](value), place, f"{value!r} is not of type {wanted}")


def check_properties(value, wanted, _schema, document, place):
    found = []
    if isinstance(value, dict):
        for name, schema in wanted.items():
            if name in value:
                found += problems(value[name], schema, document, f"{place}.{name}")
    return found


def check_additional(value, wanted, schema, document, place):
    found = []
    for name in value if isinstance(value, dict) else ():
        if name in schema.get("properties", {}):
            continue
        if wanted is False:
            found.append(f"{place}.{name}: is not described")
        else:
            found += problems(value[name], wanted, document, f"{place}.{name}")
    return found


def check_required(value, wanted, _schema, _document, place):
    return [f"{place}: lacks {name}" for name in wanted
            if isinstance(value, dict) and name not in value]


def check_items(value, wanted, _schema, document, place):
    found = []
    for number, item in enumerate(value if isinstance(value, list) else ()):
        found += problems(item, wanted, document, f"{place}[{number}]")
    return found


def check_one_of(value, wanted, _schema, document, place):
    fits = [one for one in wanted if not problems(value, one, document, place)]
    return unless(len(fits) == 1, place, f"{value!r} fits {len(fits)} of the alternatives")


def compare(holds, text):
    return lambda value, wanted, _schema, _document, place: unless(
        holds(value, wanted), place, f"{value!r} {text} {wanted!r}")


CHECKS = {
    "type": check_type,
    "properties": check_properties,
    "additionalProperties": check_additional,
    "required": check_required,
    "items": check_items,
    "oneOf": check_one_of,
    "enum": compare(lambda v, w: v in w, "is none of"),
    "const": compare(lambda v, w: v == w, "is not"),
    "pattern": compare(lambda v, w: re.search(w, v) is not None, "doesn't match"),
    "minimum": compare(lambda v, w: v >= w, "is below"),
    "maximum": compare(lambda v, w: v <= w, "is above"),
    "minItems": compare(lambda v, w: len(v) >= w, "has fewer items than"),
    "maxItems": compare(lambda v, w: len(v) <= w, "has more items than"),
    "minLength": compare(lambda v, w: len(v) >= w, "is shorter than"),
    "maxLength": compare(lambda v, w: len(v) <= w, "is longer than"),
}
