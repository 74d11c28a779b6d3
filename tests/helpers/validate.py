#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""validate.py SCHEMA FILE: every line of FILE is JSON that the schema accepts.

Knows the part of JSON Schema that audit/schema.json uses, and refuses a schema with any other
keyword. Prints "N lines, M bad" and the first faults; exit status 1 if there are any.
"""
import json
import re
import sys

KNOWN = {
    "$schema", "$defs", "$ref", "title", "description", "type", "const", "enum", "pattern",
    "minimum", "maximum", "minLength", "required", "properties", "additionalProperties",
    "oneOf", "anyOf", "not", "items",
}
TYPES = {
    "array": lambda value: isinstance(value, list),
    "null": lambda value: value is None,
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
}


def check_keywords(schema):
    unknown = set(schema) - KNOWN
    if unknown:
        sys.exit(f"validate.py does not know {sorted(unknown)}")
    for name in ("$defs", "properties"):
        for part in schema.get(name, {}).values():
            check_keywords(part)
    for name in ("oneOf", "anyOf"):
        for part in schema.get(name, []):
            check_keywords(part)
    for name in ("not", "items"):
        if name in schema:
            check_keywords(schema[name])


class Validator:
    def __init__(self, root):
        self.root = root
        check_keywords(root)

    def resolve(self, schema):
        while "$ref" in schema:
            schema = self.root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
        return schema

    def faults(self, schema, value, where="$"):
        """What is wrong with the value; nothing: []."""
        schema = self.resolve(schema)
        found = list(self.scalar_faults(schema, value, where))
        if isinstance(value, dict):
            found += self.object_faults(schema, value, where)
        if isinstance(value, list) and "items" in schema:
            for i, part in enumerate(value):
                found += self.faults(schema["items"], part, f"{where}[{i}]")
        for name, wanted in (("oneOf", lambda n: n == 1), ("anyOf", lambda n: n >= 1)):
            if name not in schema:
                continue
            each = [self.faults(part, value, where) for part in schema[name]]
            if not wanted(sum(not part for part in each)):
                best = min(each, key=len)
                found.append(f"{where}: {name} is not met: {best}")
        if "not" in schema and not self.faults(schema["not"], value, where):
            found.append(f"{where}: is what it must not be")
        return found

    @staticmethod
    def scalar_faults(schema, value, where):
        types = schema.get("type", [])
        types = [types] if isinstance(types, str) else types
        if types and not any(TYPES[name](value) for name in types):
            yield f"{where}: {value!r} is not of type {types}"
        if "const" in schema and (value != schema["const"] or type(value) is not type(schema["const"])):
            yield f"{where}: {value!r} is not {schema['const']!r}"
        if "enum" in schema and value not in schema["enum"]:
            yield f"{where}: {value!r} is not in {schema['enum']}"
        if isinstance(value, str):
            if "pattern" in schema and not re.search(schema["pattern"], value):
                yield f"{where}: {value!r} does not match {schema['pattern']}"
            if len(value) < schema.get("minLength", 0):
                yield f"{where}: {value!r} is too short"
        if isinstance(value, int):
            if value < schema.get("minimum", value) or value > schema.get("maximum", value):
                yield f"{where}: {value} is out of range"

    def object_faults(self, schema, value, where):
        properties = schema.get("properties", {})
        found = [f"{where}: lacks {name}" for name in schema.get("required", []) if name not in value]
        for name, part in value.items():
            if name in properties:
                found += self.faults(properties[name], part, f"{where}.{name}")
            elif schema.get("additionalProperties", True) is False:
                found.append(f"{where}: has {name}")
        return found


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        validator = Validator(json.load(file))
    lines = bad = 0
    with open(sys.argv[2], "rb") as file:
        for line in file:
            lines += 1
            try:
                found = validator.faults(validator.root, json.loads(line.decode("utf-8")))
            except ValueError as error:
                found = [str(error)]
            if found:
                bad += 1
                if bad <= 3:
                    print(f"line {lines}: {found[0]}")
    print(f"{lines} lines, {bad} bad")
    return 1 if bad or not lines else 0


if __name__ == "__main__":
    sys.exit(main())
